import { createReadStream, existsSync } from 'node:fs'
import { mkdir, open, rename, truncate, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Opens (or makes) the file and hands every entry in it to `apply`, oldest first. Throws with file and line on a damaged line that is not the last. */
export async function openJournal({ file, apply }: { file: string; apply: (entry: never) => void }): Promise<Journal> {
  await mkdir(dirname(file), { recursive: true })
  const entryCount = existsSync(file) ? await replay(file, apply) : 0
  const handle = await open(file, 'a')
  return new Journal(file, { handle, entryCount, goodBytes: (await handle.stat()).size })
}

/** An append-only file of JSON lines that outlives kill -9: an entry is on disk when `append` answers, and a line cut short by a crash is cut off. */
export class Journal {
  readonly #file: string
  #handle: FileHandle
  #entryCount: number
  #goodBytes: number
  #pending: { line: string; done: () => void; failed: (error: unknown) => void }[] = []
  #tail: Promise<void> = Promise.resolve()

  /** For `openJournal`. */
  constructor(file: string, opened: { handle: FileHandle; entryCount: number; goodBytes: number }) {
    this.#file = file
    this.#handle = opened.handle
    this.#entryCount = opened.entryCount
    this.#goodBytes = opened.goodBytes
  }

  get entryCount(): number {
    return this.#entryCount
  }

  append(entry: object): Promise<void> {
    const line = JSON.stringify(entry) + '\n'
    return new Promise((done, failed) => {
      this.#pending.push({ line, done, failed })
      void this.#enqueue(() => this.#flush())
    })
  }

  /** Replaces the file by these entries in one step; appends that come meanwhile wait. */
  rewrite(entries: Iterable<object>): Promise<void> {
    return this.#enqueue(async () => {
      await this.#flush()
      this.#entryCount = await writeAside(`${this.#file}.new`, entries)
      await this.#handle.close()
      await rename(`${this.#file}.new`, this.#file)
      this.#handle = await open(this.#file, 'a')
      this.#goodBytes = (await this.#handle.stat()).size
    })
  }

  close(): Promise<void> {
    return this.#enqueue(async () => {
      await this.#flush()
      await this.#handle.close()
    })
  }

  /** Entries that arrive while a write is under way share the next write and its sync. */
  async #flush(): Promise<void> {
    const group = this.#pending
    this.#pending = []
    if (group.length === 0) return
    try {
      const bytes = Buffer.from(group.map(entry => entry.line).join(''))
      await this.#handle.appendFile(bytes)
      await this.#handle.datasync()
      this.#goodBytes += bytes.length
      this.#entryCount += group.length
      for (const entry of group) entry.done()
    } catch (error) {
      // A full disk: a part that was written must not stand before the next entry.
      await this.#handle.truncate(this.#goodBytes).catch(() => {})
      for (const entry of group) entry.failed(error)
    }
  }

  #enqueue(step: () => Promise<void>): Promise<void> {
    const done = this.#tail.then(step)
    this.#tail = done.catch(() => {})
    return done
  }
}

async function replay(file: string, apply: (entry: never) => void): Promise<number> {
  let lines = 0
  let goodBytes = 0
  let broken = false
  for await (const line of linesOf(file)) {
    if (broken)
      throw new Error(`${file}, line ${lines + 1}: not a JSON entry, and entries follow it; restore the file from a copy`)
    let entry: unknown
    try {
      entry = JSON.parse(line.toString())
    } catch {
      broken = true
      continue
    }
    apply(entry as never)
    lines += 1
    goodBytes += line.length + 1
  }
  await cutTail(file, goodBytes, broken)
  return lines
}

/** Splits at line feeds only (node:readline also splits at U+2028, which JSON leaves as it is). */
async function* linesOf(file: string): AsyncGenerator<Buffer> {
  let parts: Buffer[] = []
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    let start = 0
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      yield Buffer.concat([...parts, chunk.subarray(start, end)])
      parts = []
      start = end + 1
    }
    if (start < chunk.length) parts.push(chunk.subarray(start))
  }
  if (parts.length > 0) yield Buffer.concat(parts)
}

/** Takes a half-written last line away, or ends a whole one that lost only its line end. */
async function cutTail(file: string, goodBytes: number, broken: boolean): Promise<void> {
  if (broken) return truncate(file, goodBytes)
  const handle: FileHandle = await open(file, 'r+')
  try {
    const { size } = await handle.stat()
    if (size < goodBytes) await handle.write('\n', size)
  } finally {
    await handle.close()
  }
}

async function writeAside(file: string, entries: Iterable<object>): Promise<number> {
  const handle = await open(file, 'w')
  try {
    let count = 0
    let buffer = ''
    for (const entry of entries) {
      buffer += JSON.stringify(entry) + '\n'
      count += 1
      if (buffer.length < 1 << 20) continue
      await handle.appendFile(buffer)
      buffer = ''
    }
    await handle.appendFile(buffer)
    await handle.datasync()
    return count
  } finally {
    await handle.close()
  }
}
