import {
  closeSync,
  createReadStream,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  writeSync,
} from 'node:fs'
import type { Step } from './indexWriter.ts'
import type { Moves } from './objectIndex.ts'

/** One commit of the store. Numbers count up by one. */
export interface Change {
  number: number
  /** The last sequence number given out. */
  seq: number
  steps: Step[]
  moves: Moves
}

/** The first line: the state after change `since` follows in lines of `steps` alone, one for each of `rows`; then come the changes after it. */
interface Header {
  format: 1
  since: number
  seq: number
  rows: number
}

export type JournalLine = Header | Change | { steps: Step[] }

const format = 1
const pieceBytes = 1024 * 1024

/**
 * `_journal.jsonl`, a line for each change, written before the index commits it: from this file the index can be made anew, with all that the bodies
 * alone do not tell. Synchronous, as the commits are. Lines are numbered, so that either of the two shows what the other lost.
 */
export class Journal {
  readonly file: string
  private fd: number
  private sizeBytes = 0
  private unconfirmedBytes = 0
  /** Undefined when there is none that can be read. */
  header: Header | undefined
  /** The number of the last whole line; that of the header when no change follows. */
  last = 0

  constructor(file: string) {
    this.file = file
    closeSync(openSync(file, 'a'))
    this.fd = openSync(file, 'r+')
    this.cutTornLine()
    this.header = asHeader(parse(this.lineAt(0)))
    this.last = this.header?.since ?? 0
    const line = parse(this.lastLine())
    if (line && 'number' in line) this.last = line.number
  }

  /** Writes a change; it counts when it is confirmed. On an error nothing of it is left. */
  append(change: Change): void {
    const line = Buffer.from(JSON.stringify(change) + '\n')
    this.unconfirmedBytes = line.length
    writeAll(this.fd, line, this.sizeBytes)
  }

  confirm(number: number): void {
    this.sizeBytes += this.unconfirmedBytes
    this.unconfirmedBytes = 0
    this.last = number
  }

  /** Takes back what was not confirmed. */
  withdraw(): void {
    if (this.unconfirmedBytes > 0) ftruncateSync(this.fd, this.sizeBytes)
    this.unconfirmedBytes = 0
  }

  /** Whether most of it tells of what is long replaced. */
  hasGrown(): boolean {
    const { since, rows } = this.header ?? { since: 0, rows: 0 }
    return this.last - since > 10_000 + 4 * rows
  }

  /** Replaces the file by the steps that make the present state. */
  rewrite(steps: Iterable<Step>, state: Omit<Header, 'format'>): void {
    const aside = `${this.file}.new`
    const header: Header = { format, ...state }
    const fd = openSync(aside, 'w')
    let sizeBytes: number
    try {
      sizeBytes = writeLines(fd, header, steps)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    closeSync(this.fd)
    renameSync(aside, this.file)
    this.fd = openSync(this.file, 'r+')
    this.sizeBytes = sizeBytes
    this.header = header
    this.last = state.since
  }

  /** All lines from the first; undefined for a damaged one. */
  async *lines(): AsyncGenerator<JournalLine | undefined> {
    let rest = Buffer.alloc(0)
    const source = createReadStream(this.file, { highWaterMark: pieceBytes }) as AsyncIterable<Buffer>
    for await (const piece of source) {
      const bytes = Buffer.concat([rest, piece])
      let start = 0
      for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
        yield parse(bytes.subarray(start, end))
        start = end + 1
      }
      rest = bytes.subarray(start)
    }
  }

  close(): void {
    closeSync(this.fd)
  }

  /** A line without its end was never confirmed. */
  private cutTornLine(): void {
    this.sizeBytes = fstatSync(this.fd).size
    const end = this.findBackwards(this.sizeBytes) + 1
    if (end < this.sizeBytes) ftruncateSync(this.fd, end)
    this.sizeBytes = end
  }

  private lastLine(): Buffer {
    if (this.sizeBytes === 0) return Buffer.alloc(0)
    const start = this.findBackwards(this.sizeBytes - 1) + 1
    return this.read(start, this.sizeBytes - 1)
  }

  private lineAt(start: number): Buffer {
    const bytes = this.read(start, Math.min(this.sizeBytes, start + 4096))
    const end = bytes.indexOf(10)
    return bytes.subarray(0, Math.max(0, end))
  }

  /** Where the last line feed before `end` is; -1 without one. */
  private findBackwards(end: number): number {
    for (let to = end; to > 0; to -= pieceBytes) {
      const from = Math.max(0, to - pieceBytes)
      const at = this.read(from, to).lastIndexOf(10)
      if (at >= 0) return from + at
    }
    return -1
  }

  private read(from: number, to: number): Buffer {
    const bytes = Buffer.alloc(to - from)
    return bytes.subarray(0, readSync(this.fd, bytes, 0, bytes.length, from))
  }
}

function parse(line: Buffer): JournalLine | undefined {
  try {
    const value: unknown = JSON.parse(line.toString())
    return typeof value === 'object' && value !== null ? (value as JournalLine) : undefined
  } catch {
    return undefined
  }
}

/** Of a format that this version knows. */
const asHeader = (line: JournalLine | undefined): Header | undefined =>
  line && 'format' in line && line.format === format ? line : undefined

function writeLines(fd: number, header: Header, steps: Iterable<Step>): number {
  let sizeBytes = 0
  let lines = JSON.stringify(header) + '\n'
  const flush = (): void => {
    const bytes = Buffer.from(lines)
    writeAll(fd, bytes, sizeBytes)
    sizeBytes += bytes.length
    lines = ''
  }
  for (const step of steps) {
    lines += JSON.stringify({ steps: [step] }) + '\n'
    if (lines.length > pieceBytes) flush()
  }
  flush()
  return sizeBytes
}

function writeAll(fd: number, bytes: Buffer, position: number): void {
  for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done, bytes.length - done, position + done)
}
