import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { LabError } from '../lib/errors.ts'
import { csvHeader, type Quote } from '../lib/quote.ts'
import { readQuotes, type SourceOptions } from '../lib/source.ts'
import { temporaryFolder } from './helpers/folder.ts'

const row = (symbol: string, date: string, close = '1.0') => `${symbol},${date},1.0,1.0,1.0,${close},1.0,0.0,1.0`

function csv(...rows: string[]): string {
  const file = join(temporaryFolder(), 'quotes.csv')
  writeFileSync(file, [csvHeader.join(','), ...rows, ''].join('\n'))
  return file
}

async function all(file: string, options: SourceOptions = {}): Promise<{ names: string[]; errors: LabError[] }> {
  const errors: LabError[] = []
  const names: string[] = []
  for await (const { symbol, trade_date } of readQuotes(file, { onBadRow: error => errors.push(error), ...options }))
    names.push(`${symbol} ${trade_date}`)
  return { names, errors }
}

const blocks = [
  row('B', '2020-01-02'),
  row('B', '2020-01-04'),
  row('A', '2020-01-01'),
  row('A', '2020-01-02'),
  row('A', '2020-01-05'),
]

describe('readQuotes', () => {
  it('gives the rows in file order', async () => {
    const { names } = await all(csv(...blocks))
    expect(names).toEqual(['B 2020-01-02', 'B 2020-01-04', 'A 2020-01-01', 'A 2020-01-02', 'A 2020-01-05'])
  })

  it('replays by date across symbols, in file order within a day', async () => {
    const { names } = await all(csv(...blocks), { order: 'replay' })
    expect(names).toEqual(['A 2020-01-01', 'B 2020-01-02', 'A 2020-01-02', 'B 2020-01-04', 'A 2020-01-05'])
  })

  it('samples the same rows for the same seed, again and again, never only the first', async () => {
    const file = csv(...blocks)
    const first = await all(file, { order: 'random', seed: 7, take: 50 })
    expect(first.names).toHaveLength(50)
    expect(new Set(first.names).size).toBe(5)
    expect(await all(file, { order: 'random', seed: 7, take: 50 })).toEqual(first)
    expect(await all(file, { order: 'random', seed: 8, take: 50 })).not.toEqual(first)
  })

  it.each(['file', 'replay'] as const)('reports bad rows with file and line in order %s, and the rest goes on', async order => {
    const file = csv(
      row('A', '2020-01-01'),
      row('A', '2020-01-02', 'abc'),
      'A,2020-01-03,1.0',
      row('A', '2020-01-04'),
      row('A', '2019-01-01', ''),
    )
    const { names, errors } = await all(file, { order })
    expect(names).toEqual(['A 2020-01-01', 'A 2020-01-04'])
    expect(errors.map(({ code }) => code)).toEqual(['BAD_ROW', 'BAD_ROW', 'BAD_ROW'])
    const messages = errors.map(({ message }) => message).sort()
    expect(messages[0]).toContain(`${file}, line 3: Close is not a number: "abc"`)
    expect(messages[1]).toContain(`${file}, line 4: expected 9 fields, got 3`)
    expect(messages[2]).toContain(`${file}, line 6: Close is not a number: ""`)
  })

  it('reads quoted fields, CRLF, a byte order mark and a last line without an end', async () => {
    const file = join(temporaryFolder(), 'quotes.csv')
    writeFileSync(
      file,
      `\ufeff${csvHeader.join(',')}\r\n"N,A",2020-01-01,1.0,1.0,1.0,1.0,1.0,0.0,1.0\r\n${row('B', '2020-01-02')}`,
    )
    expect((await all(file)).names).toEqual(['N,A 2020-01-01', 'B 2020-01-02'])
    expect((await all(file, { order: 'replay' })).names).toEqual(['N,A 2020-01-01', 'B 2020-01-02'])
  })

  it('reads mixed line ends and blank lines, in every order, with the right line in a report', async () => {
    const file = join(temporaryFolder(), 'quotes.csv')
    const rows = ['', row('A', '2020-01-01'), '', '', row('A', '2020-01-02', 'abc'), row('B', '2020-01-01')]
    writeFileSync(file, `${csvHeader.join(',')}\r\n${rows.join('\n')}\n`)
    for (const order of ['file', 'replay'] as const) {
      const { names, errors } = await all(file, { order })
      expect(names).toEqual(['A 2020-01-01', 'B 2020-01-01'])
      expect(errors.map(({ message }) => /line \d+/.exec(message)?.[0])).toEqual(['line 6'])
    }
    const random = await all(file, { order: 'random', take: 40 })
    expect(new Set(random.names)).toEqual(new Set(['A 2020-01-01', 'B 2020-01-01']))
    expect(new Set(random.errors.map(({ message }) => /line \d+/.exec(message)?.[0]))).toEqual(new Set(['line 6']))
  })

  it('does not let a row without a date hold others back in a replay', async () => {
    const file = csv('A', row('A', '2020-01-01'), row('B', '2019-12-31'), row('B', '2020-01-02'))
    const { names, errors } = await all(file, { order: 'replay' })
    expect(names).toEqual(['B 2019-12-31', 'A 2020-01-01', 'B 2020-01-02'])
    expect(errors).toHaveLength(1)
  })

  it('counts the lines of a quoted field that goes over several', async () => {
    const file = csv(row('A', '2020-01-05'), `"B\nB",2020-01-01,1.0,1.0,1.0,x,1.0,0.0,1.0`, row('C', '2020-01-02', 'y'))
    for (const order of ['file', 'replay'] as const) {
      const { errors } = await all(file, { order })
      expect(errors.map(({ message }) => /line \d+/.exec(message)?.[0]).sort()).toEqual(['line 4', 'line 5'])
    }
  })

  it('keeps the pace', async () => {
    const from = performance.now()
    expect((await all(csv(...blocks), { pace: 50 })).names).toHaveLength(5)
    expect(performance.now() - from).toBeGreaterThan(75)
  })

  it('ends with the signal, without an error', async () => {
    const controller = new AbortController()
    const quotes: Quote[] = []
    for await (const quote of readQuotes(csv(...blocks), { order: 'random', signal: controller.signal })) {
      quotes.push(quote)
      if (quotes.length === 3) controller.abort()
    }
    expect(quotes).toHaveLength(3)
  })

  it('reads only what is taken', async () => {
    expect((await all(csv(...blocks), { take: 2 })).names).toHaveLength(2)
    expect((await all(csv(...blocks), { take: 0 })).names).toHaveLength(0)
  })

  it('says what is wrong with the file', async () => {
    const folder = temporaryFolder()
    await expect(all(join(folder, 'none.csv'))).rejects.toMatchObject({
      code: 'CSV_MISSING',
      message: expect.stringContaining('none.csv: there is no such file'),
    })
    await expect(all(folder)).rejects.toMatchObject({ code: 'CSV_MISSING', message: expect.stringContaining('cannot be read') })
    writeFileSync(join(folder, 'other.csv'), 'a,b\n1,2\n')
    await expect(all(join(folder, 'other.csv'))).rejects.toMatchObject({
      code: 'CSV_HEADER',
      message: expect.stringContaining('got a,b'),
    })
    writeFileSync(join(folder, 'empty.csv'), '')
    await expect(all(join(folder, 'empty.csv'))).rejects.toMatchObject({
      code: 'CSV_HEADER',
      message: expect.stringContaining('got nothing'),
    })
  })

  it.each([
    ['UTF-16', Buffer.from('\uFEFFIndex,Date\n', 'utf16le')],
    ['gzip', gzipSync(csvHeader.join(','))],
    ['ZIP', Buffer.from('PK\u0003\u0004more')],
  ])('says that a file is written in %s', async (name, bytes) => {
    const file = join(temporaryFolder(), 'quotes.csv')
    writeFileSync(file, bytes)
    await expect(all(file)).rejects.toMatchObject({ code: 'CSV_ENCODING', message: expect.stringContaining(name) })
  })

  it.each(['file', 'replay', 'random'] as const)(
    'leaves out rows that are endless or open a quote, and goes on in the next line (%s)',
    async order => {
      const good = [row('A', '2020-01-01'), row('A', '2020-01-02'), row('A', '2020-01-03'), row('A', '2020-01-04')]
      const long = `A,2020-01-02,${'1'.repeat(200_000)}`
      const open = `"A,2020-01-02${',1.0'.repeat(30_000)}`
      const file = csv(good[0], '', long, good[1], `"B,2020-01-02`, good[2], '', open, good[3], '"C,2020-01-05')
      const { names, errors } = await all(file, { order, take: order === 'random' ? 100 : undefined })
      expect([...new Set(names)].sort()).toEqual(['A 2020-01-01', 'A 2020-01-02', 'A 2020-01-03', 'A 2020-01-04'])
      const told = errors.map(({ message }) => message.slice(file.length).split('. ')[0])
      expect(told).toEqual([
        ', line 4: the row has 200014 bytes, more than 65536',
        ', line 6: a quote is opened and not closed in this row',
        ', line 9: the row has 120014 bytes, more than 65536',
        ', line 11: a quote is opened and not closed in this row',
      ])
    },
  )

  it('reads what follows an unclosed quote, however long the rest is', async () => {
    const rest = Array.from({ length: 3000 }, (_, day) => row('B', new Date(day * 86_400_000).toISOString().slice(0, 10)))
    const { names, errors } = await all(csv('"A,2020-01-01,1', ...rest))
    expect([names.length, errors.length]).toEqual([3000, 1])
  })

  it('ends a random order in which no row is good, each reported once', async () => {
    const { names, errors } = await all(csv('a,b', 'c,d'), { order: 'random' })
    expect([names.length, errors.length]).toEqual([0, 2])
  })

  it('gives nothing for a file without rows', async () => {
    for (const order of ['file', 'replay', 'random'] as const) expect((await all(csv(), { order })).names).toEqual([])
  })

  it('refuses options that make no sense', async () => {
    await expect(all(csv(...blocks), { pace: 0 })).rejects.toMatchObject({ code: 'SOURCE_OPTION' })
    await expect(all(csv(...blocks), { order: 'backwards' as never })).rejects.toMatchObject({ code: 'SOURCE_OPTION' })
  })
})
