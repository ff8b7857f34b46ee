import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { pageToken, readPage, tokenOffset } from '../../../../lib/local/athena/queries/result-pages.ts'

/** Reads a whole result page by page, from a body that is given out in pieces. */
async function pages(format: 'csv' | 'lines', text: string, limit: number) {
  const body = Buffer.from(text)
  const parts: number[] = []
  const read = async (start: number, end: number) => {
    parts.push(end - start)
    return Readable.from([body.subarray(start, end)])
  }
  const all: (string | null)[][][] = []
  for (let start = 0, end = false; !end;) {
    const page = await readPage(format, read, { start, limit, size: body.length })
    all.push(page.rows)
    start = page.next
    end = page.end
  }
  return { all, parts }
}

test('quotes, commas, newlines, NULL and the empty text', async () => {
  const { all } = await pages('csv', '"a","b"\n"x ""y""",\n,""\n"1,\n2","é"\n', 2)
  expect(all).toEqual([
    [
      ['a', 'b'],
      ['x "y"', null],
    ],
    [
      [null, ''],
      ['1,\n2', 'é'],
    ],
  ])
})

test('a row of one NULL is an empty line', async () => {
  expect((await pages('csv', '"n"\n\n"2"\n', 10)).all).toEqual([[['n'], [null], ['2']]])
})

test('lines, the last one without a newline', async () => {
  expect((await pages('lines', 'a\n\nb\tc', 2)).all).toEqual([[['a'], ['']], [['b\tc']]])
  expect((await pages('lines', '', 2)).all).toEqual([[]])
})

test('rows that are longer than what is read at once, whatever the cut', async () => {
  const long = '""é'.repeat(150_000)
  const rows = Array.from({ length: 5 }, (_, i) => `"${i}","${long}"\n`).join('')
  const { all, parts } = await pages('csv', rows, 2)
  expect(all.map(page => page.length)).toEqual([2, 2, 1])
  expect(all.flat().every(row => row[1] === long.replaceAll('""', '"'))).toBe(true)
  expect(Math.max(...parts)).toBeLessThan(rows.length)
})

test('a page reads no more than it needs', async () => {
  const { parts } = await pages('csv', '"x"\n'.repeat(500_000), 500_000)
  expect(parts.length).toBeGreaterThan(3)
  const body = Buffer.from('"x"\n'.repeat(500_000))
  let taken = 0
  await readPage('csv', async (start, end) => ((taken += end - start), Readable.from([body.subarray(start, end)])), {
    start: 0,
    limit: 10,
    size: body.length,
  })
  expect(taken).toBe(256 * 1024)
})

test('what is no result is refused', async () => {
  await expect(pages('csv', 'a,b\n', 10)).rejects.toThrow(RangeError)
})

test('a token belongs to one query and cannot be made up', () => {
  expect(tokenOffset('id', pageToken('id', 4711))).toBe(4711)
  expect(tokenOffset('other', pageToken('id', 4711))).toBeUndefined()
  expect(tokenOffset('id', 'made up')).toBeUndefined()
  expect(tokenOffset('id', Buffer.from('12.34').toString('base64'))).toBeUndefined()
})
