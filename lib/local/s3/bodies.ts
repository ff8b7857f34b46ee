import {
  createReadStream,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFile,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createHash, hash } from 'node:crypto'
import { promisify } from 'node:util'
import { createHasher, type Checksum, type ChecksumAlgorithm } from './checksum.ts'
import type { Moves } from './objectIndex.ts'

/** A body that came in whole and waits in a temporary file for its commit (or for `discard`). */
export interface ReceivedBody {
  /** Relative to the store. */
  temporary: string
  sizeBytes: number
  /** Hex. */
  md5: string
  /** Hex; only when it was asked for. */
  sha256?: string
  checksum?: Checksum
}

export interface ReceiveOptions {
  checksum?: ChecksumAlgorithm
  sha256?: boolean
  /** Called with the digests before the body counts as received: throws to refuse it, and nothing is left. */
  verify?: (body: ReceivedBody) => void
}

/** Up to here a body is kept in memory and written in one go, which is what makes small objects quick. */
const smallBytes = 256 * 1024

/** The files under the store's folder: `_tmp/` for what is not committed, `BUCKET/objects/…`, `BUCKET/versions/…`, `_uploads/…`.
 *  Placing and removing is synchronous: within one turn the index and the files change together, so no reader sees one without the other. */
export class Bodies {
  readonly dir: string
  private count = 0
  private readonly knownDirs = new Set<string>()

  constructor(dir: string) {
    this.dir = dir
    mkdirSync(join(dir, '_tmp'), { recursive: true })
  }

  absolute(path: string): string {
    return join(this.dir, path)
  }

  newTemporary(): string {
    return `_tmp/${process.pid}-${++this.count}`
  }

  /** Writes a body to a temporary file and digests it on the way. */
  async receive(source: AsyncIterable<Uint8Array>, options: ReceiveOptions = {}): Promise<ReceivedBody> {
    const temporary = this.newTemporary()
    const small: Uint8Array[] = []
    let sizeBytes = 0
    let large: LargeBody | undefined
    try {
      for await (const chunk of source) {
        sizeBytes += chunk.length
        if (large) await large.write(chunk)
        else small.push(chunk)
        if (large || sizeBytes <= smallBytes) continue
        large = await LargeBody.open(this.absolute(temporary), options)
        for (const earlier of small.splice(0)) await large.write(earlier)
      }
      const digests = large ? await large.finish() : await digestBytes(concat(small), options)
      const body = { temporary, sizeBytes, ...digests }
      options.verify?.(body)
      if (!large) await writeWhole(this.absolute(temporary), concat(small), { flag: 'wx' })
      return body
    } catch (error) {
      await large?.close()
      this.discard({ temporary })
      throw error
    }
  }

  discard({ temporary }: { temporary: string }): void {
    unlinkIfThere(this.absolute(temporary))
  }

  /** Whether a new file can have this path: nothing is there, and no file stands where a folder must be. Makes the folders. */
  claim(path: string): boolean {
    const file = this.absolute(path)
    const dir = dirname(file)
    if (!this.knownDirs.has(dir)) {
      try {
        mkdirSync(dir, { recursive: true })
      } catch (error) {
        if (['ENOTDIR', 'EEXIST', 'ENAMETOOLONG'].includes((error as NodeJS.ErrnoException).code ?? '')) return false
        throw error
      }
      if (this.knownDirs.size > 10_000) this.knownDirs.clear()
      this.knownDirs.add(dir)
    }
    return lstatSync(file, { throwIfNoEntry: false }) === undefined
  }

  /** Does the file work of a commit. */
  apply({ place, remove = [], removeTrees = [] }: Moves): void {
    if (place) this.place(place[0], place[1])
    for (const path of remove) this.remove(path)
    for (const path of removeTrees) this.removeTree(path)
  }

  /** Does it once more, as far as it was not done: the process may have died at any point of it. */
  repair({ place, ...removals }: Moves): void {
    this.apply({ place: place && existsSync(this.absolute(place[0])) ? place : undefined, ...removals })
  }

  private place(temporary: string, path: string): void {
    try {
      renameSync(this.absolute(temporary), this.absolute(path))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      this.knownDirs.clear()
      mkdirSync(dirname(this.absolute(path)), { recursive: true })
      renameSync(this.absolute(temporary), this.absolute(path))
    }
  }

  /** Removes a body and the folders that it leaves empty, up to its bucket's `objects/`. */
  private remove(path: string): void {
    unlinkIfThere(this.absolute(path))
    for (let dir = dirname(path); dir.split('/').length > 2; dir = dirname(dir)) {
      try {
        rmdirSync(this.absolute(dir))
      } catch {
        return
      }
      this.knownDirs.delete(this.absolute(dir))
    }
  }

  private removeTree(path: string): void {
    rmSync(this.absolute(path), { recursive: true, force: true })
    this.knownDirs.clear()
  }

  /** Removes what no commit refers to: temporary files of a process that died. */
  sweepTemporary(): void {
    for (const name of readdirSync(this.absolute('_tmp'))) unlinkSync(this.absolute(`_tmp/${name}`))
  }
}

function unlinkIfThere(file: string): void {
  try {
    unlinkSync(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

type Digests = Pick<ReceivedBody, 'md5' | 'sha256' | 'checksum'>

/** Size and MD5 of what is a file already. */
export async function digestFile(file: string): Promise<{ sizeBytes: number; md5: string }> {
  if (statSync(file).size <= smallBytes) {
    const bytes = readFileSync(file)
    return { sizeBytes: bytes.length, md5: hash('md5', bytes) }
  }
  const md5 = createHash('md5')
  let sizeBytes = 0
  for await (const chunk of createReadStream(file, { highWaterMark: 256 * 1024 })) {
    sizeBytes += (chunk as Buffer).length
    md5.update(chunk as Buffer)
  }
  return { sizeBytes, md5: md5.digest('hex') }
}

/** All digests of bytes that are in memory. */
export async function digestBytes(bytes: Uint8Array, { checksum, sha256 }: ReceiveOptions): Promise<Digests> {
  const digests: Digests = { md5: hash('md5', bytes) }
  if (sha256) digests.sha256 = hash('sha256', bytes)
  if (checksum === undefined) return digests
  const hasher = createHasher(checksum)
  hasher.update(bytes)
  return { ...digests, checksum: { algorithm: checksum, value: await hasher.digest(), type: 'FULL_OBJECT' } }
}

function concat(chunks: Uint8Array[]): Uint8Array {
  return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks)
}

/** Not the synchronous one: making a file is the one step that waits for a busy disk. Not the promise's: it costs twice as much. */
const writeWhole = promisify(writeFile)

/** A body too big for memory: written and digested chunk by chunk. */
class LargeBody {
  private readonly file: Awaited<ReturnType<typeof open>>
  private readonly md5 = createHash('md5')
  private readonly sha256
  private readonly algorithm
  private readonly hasher

  private constructor(file: Awaited<ReturnType<typeof open>>, { checksum, sha256 }: ReceiveOptions) {
    this.file = file
    this.sha256 = sha256 ? createHash('sha256') : undefined
    this.algorithm = checksum
    this.hasher = checksum && createHasher(checksum)
  }

  static async open(path: string, options: ReceiveOptions): Promise<LargeBody> {
    return new LargeBody(await open(path, 'wx'), options)
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.md5.update(chunk)
    this.sha256?.update(chunk)
    this.hasher?.update(chunk)
    await this.file.writeFile(chunk)
  }

  async finish(): Promise<Digests> {
    await this.file.close()
    const checksum = this.algorithm &&
      this.hasher && { algorithm: this.algorithm, value: await this.hasher.digest(), type: 'FULL_OBJECT' as const }
    return { md5: this.md5.digest('hex'), sha256: this.sha256?.digest('hex'), checksum }
  }

  async close(): Promise<void> {
    await this.file.close().catch(() => undefined)
  }
}
