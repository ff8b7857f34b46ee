import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'

/** One page of a result: rows of values (null: SQL NULL), and where the next page begins. */
export interface Page {
  rows: (string | null)[][]
  next: number
  /** The whole object has been read. */
  end: boolean
}

/** Reads a part of the result object. */
export type ReadPart = (start: number, end: number) => Promise<Readable>

const CHUNK = 256 * 1024

/** Up to `limit` rows from byte `start` on. Only as much of the object as they take is read. */
export async function readPage(
  format: 'csv' | 'lines',
  read: ReadPart,
  { start, limit, size }: { start: number; limit: number; size: number },
): Promise<Page> {
  const parse = format === 'csv' ? parseCsvRow : parseLine
  const rows: (string | null)[][] = []
  let buffer = Buffer.alloc(0)
  let at = 0
  let loaded = start
  while (rows.length < limit) {
    const row = parse(buffer, at, loaded >= size)
    if (row) {
      rows.push(row.values)
      at = row.next
    } else if (loaded >= size) break
    else {
      const end = Math.min(size, loaded + Math.max(CHUNK, buffer.length - at))
      buffer = Buffer.concat([buffer.subarray(at), await whole(await read(loaded, end))])
      at = 0
      loaded = end
    }
  }
  const next = loaded - (buffer.length - at)
  return { rows, next, end: next >= size }
}

async function whole(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

interface ParsedRow {
  values: (string | null)[]
  next: number
}

const QUOTE = 34
const COMMA = 44
const NEWLINE = 10

/** One row of `"a","b ""quoted""",` with NULL as nothing; undefined when the buffer ends before the row does. */
function parseCsvRow(buffer: Buffer, from: number, last: boolean): ParsedRow | undefined {
  if (from >= buffer.length) return undefined
  const values: (string | null)[] = []
  for (let at = from; ; at++) {
    let value: string | null = null
    if (buffer[at] === QUOTE) {
      const close = closingQuote(buffer, at + 1)
      if (close < 0) return undefined
      value = buffer.toString('utf8', at + 1, close).replaceAll('""', '"')
      at = close + 1
    }
    values.push(value)
    if (at >= buffer.length) return last ? { values, next: at } : undefined
    if (buffer[at] === NEWLINE) return { values, next: at + 1 }
    if (buffer[at] !== COMMA) throw new RangeError('the result is not a result file')
  }
}

function closingQuote(buffer: Buffer, from: number): number {
  for (let at = buffer.indexOf(QUOTE, from); at >= 0; at = buffer.indexOf(QUOTE, at + 2)) {
    if (buffer[at + 1] !== QUOTE) return at + 1 < buffer.length ? at : -1
  }
  return -1
}

/** One line of a text result; the last one has no newline. */
function parseLine(buffer: Buffer, from: number, last: boolean): ParsedRow | undefined {
  const end = buffer.indexOf(NEWLINE, from)
  if (end >= 0) return { values: [buffer.toString('utf8', from, end)], next: end + 1 }
  if (!last || from >= buffer.length) return undefined
  return { values: [buffer.toString('utf8', from)], next: buffer.length }
}

/** A NextToken that says where the next page begins, and that it is ours. */
export function pageToken(id: string, offset: number): string {
  return Buffer.from(`${offset}.${digest(id, offset)}`).toString('base64')
}

/** The offset in a token; undefined for a malformed one or one of another query. */
export function tokenOffset(id: string, token: string): number | undefined {
  const [offset, mark] = Buffer.from(token, 'base64').toString('latin1').split('.')
  return mark !== undefined && mark === digest(id, Number(offset)) ? Number(offset) : undefined
}

const digest = (id: string, offset: number) => createHash('sha256').update(`${id}:${offset}`).digest('hex').slice(0, 32)
