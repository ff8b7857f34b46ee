import { candleChart, lineChart, type Bar, type Figure } from '../chart.ts'
import type { Lab } from '../lab.ts'
import { query } from '../query.ts'

/** How 100 dollars in each index have grown since all of them are there: month's ends, from the `bars` view. */
export async function growth(lab: Lab): Promise<Figure> {
  const { rows } = await query<{ symbol: string; month: string; growth: number }>(
    lab,
    `WITH months AS (
       SELECT symbol, date_trunc('month', trade_date) AS month, max_by(close_usd, trade_date) AS close_usd FROM bars GROUP BY 1, 2
     ), common AS (
       SELECT max(first_month) AS start FROM (SELECT symbol, min(month) AS first_month FROM months GROUP BY symbol)
     )
     SELECT symbol, month, 100 * close_usd / first_value(close_usd) OVER (PARTITION BY symbol ORDER BY month) AS growth
     FROM months CROSS JOIN common WHERE month >= start ORDER BY symbol, month`,
  )
  return lineChart(rows, {
    x: 'month',
    y: 'growth',
    series: 'symbol',
    title: 'Growth of 100 since all indexes are there',
    unit: 'start = 100',
    source: `${lab.config.database}.bars`,
  })
}

/** The last `days` candles of one index, with volume where there is one. */
export async function candles(lab: Lab, symbol: string, days: number): Promise<Figure> {
  const { rows } = await query<Bar>(
    lab,
    `SELECT * FROM (SELECT trade_date, open, high, low, close, volume FROM bars WHERE symbol = ? ORDER BY trade_date DESC LIMIT ${days}) ORDER BY trade_date`,
    { parameters: [`'${symbol.replaceAll("'", "''")}'`] },
  )
  return candleChart(rows, {
    title: `${symbol}, last ${rows.length} trading days`,
    unit: 'index points',
    source: `${lab.config.database}.bars`,
  })
}
