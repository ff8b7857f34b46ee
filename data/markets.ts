/** What one index of the synthetic file looks like. `share` values are fractions of the index's own rows. */
export interface Market {
  symbol: string
  /** Rows of this index in a file of full size (104,224): sets its part of a smaller one. */
  rows: number
  lastDay: string
  /** US dollars for one unit of the currency: one constant for the whole history, as in the original. */
  usd: number
  /** Close on the last day; the walk goes backwards from here. */
  level: number
  /** Usual volume of a day, in the exchange's own unit. */
  volume: number
  /** The first part of the history in which only a close is known: open = high = low = close. */
  flatShare: number
  /** The first part of the history without a volume. */
  silentShare: number
  /** Whether `Adj Close` differs from `Close` in the last digits. */
  adjusted?: boolean
  /** Which markets move together, and share the lunar New Year's holidays. */
  region: 'America' | 'Europe' | 'Asia' | 'China' | 'Africa'
}

/** The thirteen indexes, in the order of the file. */
export const markets: readonly Market[] = [
  {
    symbol: 'HSI',
    rows: 8492,
    lastDay: '2021-05-31',
    usd: 0.13,
    level: 29000,
    volume: 2.1e9,
    flatShare: 0.07,
    silentShare: 0.42,
    region: 'China',
  },
  {
    symbol: 'NYA',
    rows: 13947,
    lastDay: '2021-05-28',
    usd: 1,
    level: 16500,
    volume: 4.2e9,
    flatShare: 0.66,
    silentShare: 0.63,
    region: 'America',
  },
  {
    symbol: 'IXIC',
    rows: 12690,
    lastDay: '2021-05-28',
    usd: 1,
    level: 13700,
    volume: 4.6e9,
    flatShare: 0.27,
    silentShare: 0.27,
    region: 'America',
  },
  {
    symbol: '000001.SS',
    rows: 5791,
    lastDay: '2021-05-31',
    usd: 0.16,
    level: 3600,
    volume: 2.8e5,
    flatShare: 0,
    silentShare: 0.23,
    region: 'China',
  },
  {
    symbol: 'N225',
    rows: 13874,
    lastDay: '2021-06-03',
    usd: 0.01,
    level: 28900,
    volume: 7.4e7,
    flatShare: 0.41,
    silentShare: 0.66,
    region: 'Asia',
  },
  {
    symbol: 'N100',
    rows: 5474,
    lastDay: '2021-06-02',
    usd: 1.22,
    level: 1250,
    volume: 2.4e8,
    flatShare: 0.06,
    silentShare: 0.3,
    region: 'Europe',
  },
  {
    symbol: '399001.SZ',
    rows: 5760,
    lastDay: '2021-06-02',
    usd: 0.16,
    level: 14900,
    volume: 1.9e6,
    flatShare: 0,
    silentShare: 0.27,
    adjusted: true,
    region: 'China',
  },
  {
    symbol: 'GSPTSE',
    rows: 10526,
    lastDay: '2021-05-31',
    usd: 0.83,
    level: 19700,
    volume: 2.5e10,
    flatShare: 0,
    silentShare: 0.12,
    adjusted: true,
    region: 'America',
  },
  {
    symbol: 'NSEI',
    rows: 3346,
    lastDay: '2021-05-31',
    usd: 0.01,
    level: 15500,
    volume: 5.2e5,
    flatShare: 0,
    silentShare: 0.39,
    region: 'Asia',
  },
  {
    symbol: 'GDAXI',
    rows: 8438,
    lastDay: '2021-05-31',
    usd: 1.22,
    level: 15400,
    volume: 6.8e7,
    flatShare: 0.17,
    silentShare: 0.35,
    region: 'Europe',
  },
  {
    symbol: 'SSMI',
    rows: 7671,
    lastDay: '2021-05-28',
    usd: 1.11,
    level: 11400,
    volume: 4.1e7,
    flatShare: 0,
    silentShare: 0.39,
    region: 'Europe',
  },
  {
    symbol: 'TWII',
    rows: 5869,
    lastDay: '2021-05-31',
    usd: 0.04,
    level: 17000,
    volume: 3.3e6,
    flatShare: 0,
    silentShare: 0.23,
    adjusted: true,
    region: 'China',
  },
  {
    symbol: 'J203.JO',
    rows: 2346,
    lastDay: '2021-05-31',
    usd: 0.07,
    level: 67900,
    volume: 0,
    flatShare: 0,
    silentShare: 1,
    region: 'Africa',
  },
]
