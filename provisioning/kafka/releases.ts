import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { $ } from 'zx'
import { LabError } from '../../lib/errors.ts'

const hex512 = z
  .string()
  .regex(/^[0-9a-f]{128}$/i, 'expected 128 hex digits')
  .toLowerCase()
// blanks and quotes as an address holds them: curl takes nothing else
const encoded = (url: string): string => new URL(url).href
const releaseSchema = z
  .strictObject({
    file: z.string().regex(/^kafka_[\d.]+-[\d.]+\.tgz$/),
    urls: z.array(z.url({ protocol: /^https?$/ }).transform(encoded)).min(1),
    sha512: hex512.optional(),
    sha512Urls: z
      .array(z.url({ protocol: /^https$/, error: 'a sum is taken over https only' }).transform(encoded))
      .min(1)
      .optional(),
  })
  .refine(release => release.sha512 ?? release.sha512Urls, 'expected sha512 (a pinned sum) or sha512Urls (where it is published)')
const releasesSchema = z.strictObject({ default: z.string(), releases: z.record(z.string(), releaseSchema) })

/** One Kafka distribution: its file, the addresses tried in turn, and its sum, pinned or published beside it. */
export type Release = z.infer<typeof releaseSchema> & { version: string }

/** The data file with all versions, addresses and sums. */
export const releasesFile = join(import.meta.dirname, '..', 'kafka.json')

/** Reads one release from the data file; throws with what is wrong in it. */
export async function readRelease(version?: string, file = releasesFile): Promise<Release> {
  const parsed = releasesSchema.safeParse(await readJson(file))
  if (!parsed.success) throw new LabError('RELEASE', `${file} is not a list of Kafka releases: ${z.prettifyError(parsed.error)}`)
  const wanted = version ?? parsed.data.default
  const release = Object.hasOwn(parsed.data.releases, wanted) && parsed.data.releases[wanted]
  if (!release)
    throw new LabError('RELEASE', `Kafka ${wanted} is not in ${file}; it has ${Object.keys(parsed.data.releases).join(', ')}`)
  return { ...release, version: wanted }
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch (error) {
    throw new LabError('RELEASE', `${file} cannot be read as a list of Kafka releases: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

/**
 * Reads a sum as Apache publishes it (`gpg --print-md SHA512`: name, colon, groups of upper-case hex over several lines) or as
 * `sha512sum` prints it. Throws when there are no 128 hex digits.
 */
export function parseSha512(text: string): string {
  const coreutils = /^([0-9a-fA-F]{128})\s+\*?\S+\s*$/.exec(text)
  const sum = (coreutils?.[1] ?? text.replace(/^[^:]*:/, '').replace(/\s/g, '')).toLowerCase()
  if (!/^[0-9a-f]{128}$/.test(sum)) throw new LabError('RELEASE', `not a sha512 sum: ${JSON.stringify(text.slice(0, 80))}`)
  return sum
}

type Get = (url: string, options: { signal: AbortSignal; redirect: 'manual' }) => Promise<Response>

/** The sum a release must have: the pinned one, else the published one, its addresses tried in turn. */
export async function expectedSha512(release: Release, get: Get = fetch): Promise<string> {
  if (release.sha512) return release.sha512
  const problems: string[] = []
  for (const url of release.sha512Urls ?? []) {
    try {
      const answer = await getSecurely(url, get)
      if (answer.ok) return parseSha512(await answer.text())
      problems.push(`${url}: HTTP ${answer.status}`)
    } catch (error) {
      problems.push(`${url}: ${reason(error)}`)
    }
  }
  throw new LabError(
    'RELEASE',
    `the published sum of ${release.file} could not be read, so nothing was unpacked\n  ${problems.join('\n  ')}`,
  )
}

/** Follows redirects as long as they stay on https: a sum that came over http proves nothing. */
async function getSecurely(url: string, get: Get): Promise<Response> {
  const signal = AbortSignal.timeout(20_000)
  for (let hops = 0; hops < 5; hops++) {
    const answer = await get(url, { signal, redirect: 'manual' })
    const next = answer.status >= 300 && answer.status < 400 ? answer.headers.get('location') : null
    if (!next) return answer
    url = new URL(next, url).href
    if (!url.startsWith('https:')) throw new Error(`leads to ${url}, and a sum is taken over https only`)
  }
  throw new Error('leads from address to address')
}

/** Thrown when a download is not what was promised. */
export const wrongSum = (file: string, url: string, expected: string, found: string): Error =>
  new LabError(
    'RELEASE',
    `${file} from ${url} has a wrong sum and was deleted\n  expected sha512 ${expected}\n  found    sha512 ${found}`,
  )

/**
 * Downloads a release to `dir`, verifies it and unpacks it; answers the distribution's folder. Does nothing when it is there: the
 * folder appears under its name only when complete. One process at a time (lock.ts); what a killed one left is removed.
 */
export async function installRelease(
  release: Release,
  dir: string,
  say: (line: string) => void = console.log,
  silenceMs = 30_000,
): Promise<string> {
  const home = join(dir, release.file.replace(/\.tgz$/, ''))
  if (await exists(join(home, 'libs'))) return home
  await mkdir(dir, { recursive: true })
  await removeLeftovers(dir)
  const expected = await expectedSha512(release)
  try {
    const archive = await download(release, { expected, dir, say, silenceMs })
    const unpacked = join(dir, 'unpacking')
    await mkdir(unpacked)
    // relative names: tar takes backslashes in a path for escapes
    const tar = $({ quiet: true, nothrow: true, cwd: unpacked })
    const done = await tar`tar -xzf ../${basename(archive)} --strip-components 1`
    if (done.exitCode !== 0) {
      const lines = done.stderr.trim().split('\n')
      const why = lines.find(line => /No space left|quota/i.test(line)) ?? lines[0]
      throw new LabError('RELEASE', `${release.file} could not be unpacked in ${dir}: ${why}`)
    }
    await rename(unpacked, home)
  } finally {
    await removeLeftovers(dir)
  }
  return home
}

async function removeLeftovers(dir: string): Promise<void> {
  const left = (await readdir(dir)).filter(name => name === 'unpacking' || name.endsWith('.tgz.part'))
  for (const name of left) await rm(join(dir, name), { recursive: true, force: true })
}

interface Download {
  expected: string
  dir: string
  say: (line: string) => void
  /** A server that sends nothing for so long is given up. */
  silenceMs: number
}

async function download(release: Release, { expected, dir, say, silenceMs }: Download): Promise<string> {
  const archive = join(dir, `${release.file}.part`)
  const problems: string[] = []
  for (const url of release.urls) {
    say(`download ${url}`)
    try {
      await fetchFile(url, archive, silenceMs)
      const found = await sha512(archive)
      if (found === expected) return archive
      problems.push(wrongSum(release.file, url, expected, found).message)
    } catch (error) {
      problems.push(`${url}: ${reason(error)}`)
    }
    await rm(archive, { force: true })
  }
  throw new LabError('RELEASE', `Kafka ${release.version} could not be downloaded\n  ${problems.join('\n  ')}`)
}

async function fetchFile(url: string, file: string, silenceMs: number): Promise<void> {
  const silence = new AbortController()
  const giveUp = (): void => silence.abort(new Error(`the server sent nothing for ${silenceMs / 1000} s`))
  const timer = setTimeout(giveUp, silenceMs)
  try {
    const answer = await fetch(url, { signal: silence.signal })
    if (!answer.ok || !answer.body) throw new Error(`HTTP ${answer.status}`)
    const heard = new Transform({
      transform(chunk, _, next) {
        timer.refresh()
        next(null, chunk)
      },
    })
    await pipeline(Readable.fromWeb(answer.body), heard, createWriteStream(file))
  } finally {
    clearTimeout(timer)
  }
}

async function sha512(file: string): Promise<string> {
  const hash = createHash('sha512')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}
