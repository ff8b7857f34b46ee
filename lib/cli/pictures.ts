import { candleChart, lineChart, type Bar, type Figure } from '../chart.ts'
import type { Lab } from '../lab.ts'
import { query } from '../query.ts'

/** How 100 dollars in each index have grown over the last year: week's ends, from the `bars` view. */
export async function growth(lab: Lab): Promise<Figure> {
  const { rows } = await query<{ symbol: string; week: string; growth: number }>(
    lab,
    `WITH weeks AS (
       SELECT symbol, date_trunc('week', trade_date) AS week, max_by(close_usd, trade_date) AS close_usd FROM bars
       WHERE trade_date > (SELECT date_add('year', -1, max(trade_date)) FROM bars) GROUP BY 1, 2
     )
     SELECT symbol, week, 100 * close_usd / first_value(close_usd) OVER (PARTITION BY symbol ORDER BY week) AS growth
     FROM weeks ORDER BY symbol, week`,
  )
  return lineChart(rows, {
    x: 'week',
    y: 'growth',
    series: 'symbol',
    title: 'Growth of 100 over the last year',
    subtitle: "each index from its first week of it, week's last close in USD",
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
