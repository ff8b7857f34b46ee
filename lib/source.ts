import { createReadStream } from 'node:fs'
import { open, stat, type FileHandle } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { errorMessage, LabError } from './errors.ts'
import { csvHeader, parseQuote, type Quote } from './quote.ts'
import { sleep } from './wait.ts'

export interface SourceOptions {
  /** `file`: as the rows stand (default). `replay`: merged by date across symbols. `random`: any row, again and again, as the tutorial
   *  samples; it ends only by `take` or `signal`. */
  order?: 'file' | 'replay' | 'random'
  /** Of `random`; default 1. The same seed gives the same rows. */
  seed?: number
  /** Events per second; default as fast as they are taken. */
  pace?: number
  /** End after so many quotes. */
  take?: number
  /** Ends the source after the quote in hand, without an error. */
  signal?: AbortSignal
  /** Told of each row that is left out, with file and line. Default: a warning on stderr. */
  onBadRow?: (error: LabError) => void
}

/** A row as it stands in the file: cells, and where it was. */
interface Row {
  cells: string[]
  line: number
}

/** The quotes of a CSV with the tutorial's header, one at a time and never the whole file in memory. A bad row is reported and the rest
 *  goes on. Throws `LabError` CSV_MISSING, CSV_HEADER, CSV_FORMAT or SOURCE_OPTION. */
export async function* readQuotes(file: string, options: SourceOptions = {}): AsyncGenerator<Quote, void, undefined> {
  const { order = 'file', seed = 1, pace, take = Infinity, signal, onBadRow = warn } = options
  checkOptions(file, options)
  await checkHeader(file)
  const rows = { file: fileRows, replay: replayRows, random: randomRows }[order](file, seed)
  const start = performance.now()
  let sent = 0
  for await (const { cells, line } of rows) {
    if (sent >= take || signal?.aborted) return
    if (pace) {
      const ahead = start + (sent * 1000) / pace - performance.now()
      if (ahead > 1) await sleep(ahead, signal).catch(() => undefined)
      if (signal?.aborted) return
    }
    let quote: Quote
    try {
      quote = parseQuote(cells, new Date().toISOString())
    } catch (error) {
      onBadRow(
        new LabError('BAD_ROW', `${file}, line ${line}: ${errorMessage(error)}. The row is left out; correct it in the file.`, {
          cause: error,
        }),
      )
      continue
    }
    yield quote
    if (++sent >= take) return
  }
}

function checkOptions(file: string, { order, pace, take }: SourceOptions): void {
  const wrong = (name: string, expected: string, value: unknown) =>
    new LabError('SOURCE_OPTION', `${file}: ${name} must be ${expected}, got ${value}.`)
  if (order !== undefined && !['file', 'replay', 'random'].includes(order)) throw wrong('order', 'file, replay or random', order)
  if (pace !== undefined && !(pace > 0)) throw wrong('pace', 'a number of events per second above 0', pace)
  if (take !== undefined && !(take >= 0)) throw wrong('take', 'a number of events', take)
}

async function checkHeader(file: string): Promise<void> {
  const kind = await stat(file).catch(error => {
    throw readError(file, error)
  })
  if (!kind.isFile())
    throw new LabError(
      'CSV_MISSING',
      `${file}: cannot be read: it is not a regular file. Give a file that can be read more than once.`,
    )
  let header: string[] | undefined
  for await (const { record } of records(createReadStream(file, { end: 4095 }), { to: 1 })) header = record
  if (header?.join(',') !== csvHeader.join(',')) {
    throw new LabError(
      'CSV_HEADER',
      `${file}, line 1: expected the header ${csvHeader.join(',')}, got ${(header ?? []).join(',').slice(0, 200) || 'nothing'}. Give a file with that header.`,
    )
  }
}

async function* fileRows(file: string): AsyncGenerator<Row> {
  for await (const { record, info } of records(createReadStream(file), { from: 2 }, file))
    yield { cells: record, line: info.lines }
}

/** Merges the file's stretches of ascending dates, each read by a stream of its own; the tutorial's file has 13, one for each index. */
async function* replayRows(file: string): AsyncGenerator<Row> {
  const stretches: { start: number; line: number }[] = []
  let end = 0
  let line = 0
  let last = ''
  for await (const { record, info } of records(createReadStream(file), {}, file)) {
    if (info.records > 1) {
      if (stretches.length === 0 || record[1] < last) stretches.push({ start: end, line })
      last = record[1] ?? last
    }
    end = info.bytes
    line = info.lines
  }
  if (stretches.length > 256) {
    throw new LabError(
      'CSV_FORMAT',
      `${file}: replay merges stretches of ascending dates and this file has ${stretches.length}, more than 256. Sort it by Index and Date, or use order "file".`,
    )
  }
  yield* merge(stretches.map(({ start, line }, at) => stretchRows(file, start, stretches[at + 1]?.start ?? end, line)))
}

async function* stretchRows(file: string, start: number, end: number, line: number): AsyncGenerator<Row> {
  for await (const { record, info } of records(createReadStream(file, { start, end: end - 1 }), {}, file))
    yield { cells: record, line: line + info.lines }
}

async function* merge(streams: AsyncGenerator<Row>[]): AsyncGenerator<Row> {
  const heads = await Promise.all(streams.map(async stream => ({ stream, row: await next(stream) })))
  try {
    for (;;) {
      let first: (typeof heads)[number] | undefined
      for (const head of heads)
        if (head.row && (!first?.row || (head.row.cells[1] ?? '') < (first.row.cells[1] ?? ''))) first = head
      if (!first?.row) return
      yield first.row
      first.row = await next(first.stream)
    }
  } finally {
    await Promise.all(streams.map(stream => stream.return(undefined)))
  }
}

const next = async (stream: AsyncGenerator<Row>): Promise<Row | undefined> => (await stream.next()).value ?? undefined

/** Any row, with replacement and without end. Only the places of the rows are kept in memory, 16 bytes each. */
async function* randomRows(file: string, seed: number): AsyncGenerator<Row> {
  const starts: number[] = []
  const lines: number[] = []
  let end = 0
  for await (const { info } of records(createReadStream(file), {}, file)) {
    if (info.records > 1) {
      starts.push(end)
      lines.push(info.lines)
    }
    end = info.bytes
  }
  if (starts.length === 0) return
  starts.push(end)
  const { parse } = await import('csv-parse/sync')
  const random = mulberry32(seed)
  const handle = await open(file)
  try {
    for (;;) {
      const at = Math.floor(random() * (starts.length - 1))
      const [cells] = parse(await readText(handle, starts[at], starts[at + 1]), rowFormat)
      yield { cells, line: lines[at] }
    }
  } finally {
    await handle.close()
  }
}

async function readText(handle: FileHandle, start: number, end: number): Promise<string> {
  const buffer = Buffer.alloc(end - start)
  await handle.read(buffer, 0, buffer.length, start)
  return buffer.toString('utf8')
}

/** How a row is written; one that is not like this is reported and left out. */
const rowFormat = {
  relax_quotes: true,
  relax_column_count: true,
  skip_empty_lines: true,
  max_record_size: 65_536,
  record_delimiter: ['\n', '\r\n'],
}

interface CsvRecord {
  record: string[]
  /** `lines` and `bytes` read up to and with this record, `records` with it. */
  info: { lines: number; bytes: number; records: number }
}

async function* records(
  input: Readable,
  options: { from?: number; to?: number },
  file = String((input as { path?: unknown }).path),
): AsyncGenerator<CsvRecord> {
  const { parse } = await import('csv-parse')
  const parser = parse({ ...rowFormat, bom: true, info: true, ...options })
  input.on('error', error => parser.destroy(error))
  try {
    for await (const record of input.pipe(parser)) yield record as CsvRecord
  } catch (error) {
    throw readError(file, error)
  } finally {
    input.destroy()
  }
}

function readError(file: string, error: unknown): LabError {
  const { code, lines } = error as { code?: string; lines?: number }
  if (code === 'ENOENT') return new LabError('CSV_MISSING', `${file}: there is no such file. Check the path.`, { cause: error })
  if (code?.startsWith('CSV_')) {
    return new LabError(
      'CSV_FORMAT',
      `${file}, near line ${lines ?? '?'}: not a well-formed CSV: ${errorMessage(error)}. Look for a quote that is never closed.`,
      { cause: error },
    )
  }
  return new LabError('CSV_MISSING', `${file}: cannot be read: ${errorMessage(error)}.`, { cause: error })
}

function warn(error: LabError): void {
  console.warn(error.message)
}

/** A seeded source of numbers in [0, 1): mulberry32 by Tommy Ettinger (public domain). */
export function mulberry32(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
