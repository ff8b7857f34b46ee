import { createReadStream, existsSync } from 'node:fs'
import { mkdir, open, rename, truncate, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'

/** An append-only file of JSON lines that outlives kill -9: an entry is on disk when `append` answers, and a line cut short by a crash is cut off. */
export interface Journal {
  append(entry: object): Promise<void>
  /** Replaces the file by these entries in one step; appends that come meanwhile wait. */
  rewrite(entries: Iterable<object>): Promise<void>
  readonly entryCount: number
  close(): Promise<void>
}

/** Opens (or makes) the file and hands every entry in it to `apply`, oldest first. Throws with file and line on a damaged line that is not the last. */
export async function openJournal({ file, apply }: { file: string; apply: (entry: never) => void }): Promise<Journal> {
  await mkdir(dirname(file), { recursive: true })
  let entryCount = existsSync(file) ? await replay(file, apply) : 0
  let handle = await open(file, 'a')
  let goodBytes = (await handle.stat()).size
  let pending: { line: string; done: () => void; failed: (error: unknown) => void }[] = []
  let tail: Promise<void> = Promise.resolve()

  // Entries that arrive while a write is under way share the next write and its sync.
  async function flush(): Promise<void> {
    const group = pending
    pending = []
    if (group.length === 0) return
    try {
      const bytes = Buffer.from(group.map(entry => entry.line).join(''))
      await handle.appendFile(bytes)
      await handle.datasync()
      goodBytes += bytes.length
      entryCount += group.length
      for (const entry of group) entry.done()
    } catch (error) {
      // A full disk: a part that was written must not stand before the next entry.
      await handle.truncate(goodBytes).catch(() => {})
      for (const entry of group) entry.failed(error)
    }
  }
  function enqueue(step: () => Promise<void>): Promise<void> {
    const done = tail.then(step)
    tail = done.catch(() => {})
    return done
  }
  return {
    append(entry) {
      const line = JSON.stringify(entry) + '\n'
      return new Promise((done, failed) => {
        pending.push({ line, done, failed })
        void enqueue(flush)
      })
    },
    rewrite: entries =>
      enqueue(async () => {
        await flush()
        entryCount = await writeAside(`${file}.new`, entries)
        await handle.close()
        await rename(`${file}.new`, file)
        handle = await open(file, 'a')
        goodBytes = (await handle.stat()).size
      }),
    get entryCount() {
      return entryCount
    },
    close: () =>
      enqueue(async () => {
        await flush()
        await handle.close()
      }),
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
