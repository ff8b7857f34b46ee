import { open, type FileHandle } from 'node:fs/promises'
import { errorMessage, LabError } from './errors.ts'
import { parseQuote, type Quote } from './quote.ts'
import { checkHeader, readRows, rowFormat, type Row, type Stretch } from './source/csv.ts'
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

/** The quotes of a CSV with the tutorial's header, one at a time and never the whole file in memory. A bad row is reported and the rest
 *  goes on. Throws `LabError` CSV_MISSING, CSV_ENCODING, CSV_HEADER, CSV_FORMAT or SOURCE_OPTION. */
export async function* readQuotes(file: string, options: SourceOptions = {}): AsyncGenerator<Quote, void, undefined> {
  const { order = 'file', seed = 1, pace, take = Infinity, signal, onBadRow = warn } = options
  checkOptions(file, options)
  await checkHeader(file)
  const rows = order === 'file' ? readRows(file) : order === 'replay' ? replayRows(file) : randomRows(file, seed)
  const start = performance.now()
  let sent = 0
  for await (const { cells, problem, line } of rows) {
    if (sent >= take || signal?.aborted) return
    if (pace) {
      const ahead = start + (sent * 1000) / pace - performance.now()
      if (ahead > 1) await sleep(ahead, signal).catch(() => undefined)
      if (signal?.aborted) return
    }
    let quote: Quote
    try {
      if (problem) throw new LabError('BAD_ROW', problem)
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

/** Merges the file's stretches of ascending dates, each read by a stream of its own; the tutorial's file has 13, one for each index. */
async function* replayRows(file: string): AsyncGenerator<Row> {
  const stretches: Stretch[] = []
  let last = ''
  let line = 1
  for await (const { cells, start, end, line: lastLine } of readRows(file)) {
    if (stretches.length === 0 || cells[1] < last) stretches.push({ start, end, line })
    stretches[stretches.length - 1].end = end
    last = cells[1] ?? last
    line = lastLine
    if (stretches.length > maxStretches) throw tooManyStretches(file)
  }
  yield* merge(stretches.map(stretch => readRows(file, stretch)))
}

/** Each is an open file while they are merged. */
const maxStretches = 256

function tooManyStretches(file: string): LabError {
  return new LabError(
    'CSV_FORMAT',
    `${file}: replay merges stretches of ascending dates and this file has more than ${maxStretches}. Sort it by Index and Date, or use order "file".`,
  )
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

/** Any good row, with replacement and without end; the bad ones once, to be reported. Only the places of the rows are kept in memory, 24 bytes each. */
async function* randomRows(file: string, seed: number): AsyncGenerator<Row> {
  const starts: number[] = []
  const ends: number[] = []
  const lines: number[] = []
  for await (const row of readRows(file)) {
    if (isBad(row)) yield row
    else {
      starts.push(row.start)
      ends.push(row.end)
      lines.push(row.line)
    }
  }
  if (starts.length === 0) return
  const { parse } = await import('csv-parse/sync')
  const random = mulberry32(seed)
  const handle = await open(file)
  try {
    for (;;) {
      const at = Math.floor(random() * starts.length)
      const [start, end] = [starts[at], ends[at]]
      const [cells] = parse(await readText(handle, start, end), rowFormat)
      yield { cells, start, end, line: lines[at] }
    }
  } finally {
    await handle.close()
  }
}

function isBad({ cells, problem }: Row): boolean {
  if (problem) return true
  try {
    parseQuote(cells, '')
    return false
  } catch {
    return true
  }
}

async function readText(handle: FileHandle, start: number, end: number): Promise<string> {
  const buffer = Buffer.alloc(end - start)
  await handle.read(buffer, 0, buffer.length, start)
  return buffer.toString('utf8')
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
