import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { errorMessage, LabError } from '../errors.ts'
import { csvHeader } from '../quote.ts'

/** A row as it stands in the file. */
export interface Row {
  /** Empty when the row cannot be taken apart. */
  cells: string[]
  /** Why it cannot. */
  problem?: string
  /** Its line in the file, its last one if it goes over several; the header is line 1. */
  line: number
  /** Bytes of the file: the first of it, and the first after it. */
  start: number
  end: number
}

/** A part of a file that begins and ends between two rows. */
export interface Stretch {
  start: number
  /** Exclusive. */
  end: number
  /** Lines of the file before it. */
  line: number
}

const maxRowBytes = 65_536

/** How a row is written; one that is not like this is reported and left out. */
export const rowFormat = {
  relax_quotes: true,
  relax_column_count: true,
  skip_empty_lines: true,
  max_record_size: maxRowBytes,
  record_delimiter: ['\n', '\r\n'],
}

const whole: Stretch = { start: 0, end: Infinity, line: 0 }

/** The rows of a CSV, without its header, in file order. A row that is too long, or opens a quote that is never closed, comes with its problem, and
 *  reading goes on in the next line. Throws `LabError` CSV_MISSING or CSV_FORMAT. */
export async function* readRows(file: string, stretch: Stretch = whole): AsyncGenerator<Row, void, undefined> {
  let rest: Stretch | undefined = stretch
  let isHeader = stretch.start === 0
  while (rest) {
    let last: { end: number; line: number } = { end: rest.start, line: rest.line }
    try {
      for await (const row of parsedRows(file, rest)) {
        last = row
        if (!isHeader) yield row
        isHeader = false
      }
      return
    } catch (error) {
      const { code } = error as { code?: string }
      if (code !== 'CSV_MAX_RECORD_SIZE' && code !== 'CSV_QUOTE_NOT_CLOSED') throw readError(file, error)
      const bad = await findLine(file, last)
      yield bad
      rest = bad.end < rest.end ? { ...rest, start: bad.end, line: bad.line } : undefined
    }
  }
}

/** What csv-parse makes of a stretch. Driven by hand, because as a stream it drops on an error what it has read before. */
async function* parsedRows(file: string, { start, end, line }: Stretch): AsyncGenerator<Row, void, undefined> {
  const { parse } = await import('csv-parse')
  const rows: Row[] = []
  let at = start
  const parser = parse({
    ...rowFormat,
    bom: start === 0,
    on_record(cells: string[], { bytes, lines }) {
      rows.push({ cells, line: line + lines, start: at, end: start + bytes })
      at = start + bytes
      return null
    },
  })
  let failure: Error | undefined
  parser.on('error', error => (failure = error)).resume()
  const settled = (give: (done: (error?: Error | null) => void) => void) =>
    new Promise<void>(resolve => give(error => resolve(void (failure ??= error ?? undefined))))
  const input = createReadStream(file, { start, end: end - 1 })
  try {
    for await (const chunk of input) {
      await settled(done => parser.write(chunk, done))
      yield* rows.splice(0)
      if (failure) throw failure
    }
    await settled(done => parser.end(done))
    yield* rows.splice(0)
    if (failure) throw failure
  } finally {
    input.destroy()
    parser.destroy()
  }
}

/** The line that begins after `end`, empty ones passed over, as a row with its problem. */
async function findLine(file: string, { end, line }: { end: number; line: number }): Promise<Row> {
  let start = end
  let at = end
  const found = (): Row => {
    const isLong = at - start > maxRowBytes
    const problem = isLong
      ? `the row has ${at - start} bytes, more than ${maxRowBytes}`
      : 'a quote is opened and not closed in this row'
    return { cells: [], problem, line: line + 1, start, end: at }
  }
  for await (const chunk of createReadStream(file, { start: end })) {
    for (const byte of chunk as Buffer) {
      at++
      if (byte !== newline) continue
      if (at - start > 2) return found()
      start = at
      line++
    }
  }
  return found()
}

const newline = 10

/** Throws `LabError` CSV_MISSING, CSV_ENCODING or CSV_HEADER unless `file` can be read and begins with the tutorial's header. */
export async function checkHeader(file: string): Promise<void> {
  const head = await readHead(file).catch(error => {
    throw error instanceof LabError ? error : readError(file, error)
  })
  const encoding = encodings.find(({ first }) => first.equals(head.subarray(0, first.length)))
  if (encoding) throw new LabError('CSV_ENCODING', `${file}: ${encoding.problem}.`)
  const { parse } = await import('csv-parse/sync')
  const [header = []] = parse(head, { ...rowFormat, relax_quotes: true, bom: true, to: 1, max_record_size: 0 }) as string[][]
  if (header.join(',') !== csvHeader.join(',')) {
    const got = JSON.stringify(header.join(',')).slice(1, -1).slice(0, 200) || 'nothing'
    throw new LabError(
      'CSV_HEADER',
      `${file}, line 1: expected the header ${csvHeader.join(',')}, got ${got}. Give a file with that header.`,
    )
  }
}

const encodings = [
  { first: Buffer.from([0xff, 0xfe]), problem: 'is written in UTF-16. Save it as UTF-8' },
  { first: Buffer.from([0xfe, 0xff]), problem: 'is written in UTF-16. Save it as UTF-8' },
  { first: Buffer.from([0x1f, 0x8b]), problem: 'is compressed with gzip. Unpack it first (gunzip)' },
  { first: Buffer.from('PK\u0003\u0004'), problem: 'is a ZIP archive or a spreadsheet. Unpack it, or save it as CSV' },
]

async function readHead(file: string): Promise<Buffer> {
  if (!(await stat(file)).isFile())
    throw new LabError(
      'CSV_MISSING',
      `${file}: cannot be read: it is not a regular file. Give a file that can be read more than once.`,
    )
  const handle = await open(file)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4096), 0, 4096, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

function readError(file: string, error: unknown): LabError {
  const { code } = error as { code?: string }
  if (code === 'ENOENT') return new LabError('CSV_MISSING', `${file}: there is no such file. Check the path.`, { cause: error })
  if (code?.startsWith('CSV_'))
    return new LabError('CSV_FORMAT', `${file}: not a well-formed CSV: ${errorMessage(error)}. Correct it in the file.`, {
      cause: error,
    })
  return new LabError('CSV_MISSING', `${file}: cannot be read: ${errorMessage(error)}. Check the file and its rights.`, {
    cause: error,
  })
}
