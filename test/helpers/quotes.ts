import type { Quote } from '../../lib/quote.ts'

/** Quotes that can be told apart: `open` counts from `first`, the symbols take turns. */
export function* someQuotes(count: number, first = 0): Generator<Quote> {
  const symbols = ['NYA', 'N225', 'HSI', 'GDAXI', 'IXIC']
  for (let at = first; at < first + count; at++) {
    const price = { open: at, high: at + 1, low: at - 1, close: at + 0.5, adj_close: at + 0.5, close_usd: at + 0.25 }
    yield {
      symbol: symbols[at % symbols.length],
      trade_date: '2020-01-02',
      ...price,
      volume: 0,
      event_time: '2026-01-02T03:04:05.678Z',
    }
  }
}
