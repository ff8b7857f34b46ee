import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { $ } from 'zx'
import { LabError } from '../../lib/errors.ts'

const hex512 = z.string().regex(/^[0-9a-f]{128}$/, 'expected 128 lower-case hex digits')
const releaseSchema = z
  .strictObject({
    file: z.string().regex(/^kafka_[\d.]+-[\d.]+\.tgz$/),
    urls: z.array(z.url({ protocol: /^https?$/ })).min(1),
    sha512: hex512.optional(),
    sha512Urls: z
      .array(z.url({ protocol: /^https$/, error: 'a sum is taken over https only' }))
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
  const parsed = releasesSchema.safeParse(JSON.parse(await readFile(file, 'utf8')))
  if (!parsed.success) throw new LabError('RELEASE', `${file} is not a list of Kafka releases: ${z.prettifyError(parsed.error)}`)
  const wanted = version ?? parsed.data.default
  const release = parsed.data.releases[wanted]
  if (!release)
    throw new LabError('RELEASE', `Kafka ${wanted} is not in ${file}; it has ${Object.keys(parsed.data.releases).join(', ')}`)
  return { ...release, version: wanted }
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

/** The sum a release must have: the pinned one, else the published one, its addresses tried in turn. */
export async function expectedSha512(release: Release, get: typeof fetch = fetch): Promise<string> {
  if (release.sha512) return release.sha512
  const problems: string[] = []
  for (const url of release.sha512Urls ?? []) {
    try {
      const answer = await get(url, { signal: AbortSignal.timeout(20_000) })
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

/** Thrown when a download is not what was promised. */
export const wrongSum = (file: string, url: string, expected: string, found: string): Error =>
  new LabError(
    'RELEASE',
    `${file} from ${url} has a wrong sum and was deleted\n  expected sha512 ${expected}\n  found    sha512 ${found}`,
  )

/**
 * Downloads a release to `dir`, verifies it and unpacks it; answers the distribution's folder. Does nothing when it is there: the
 * folder appears under its name only when complete.
 */
export async function installRelease(release: Release, dir: string, say: (line: string) => void = console.log): Promise<string> {
  const home = join(dir, release.file.replace(/\.tgz$/, ''))
  if (await exists(join(home, 'libs'))) return home
  await mkdir(dir, { recursive: true })
  const expected = await expectedSha512(release)
  const archive = await download(release, expected, dir, say)
  const unpacked = join(dir, `unpacking-${process.pid}`)
  await rm(unpacked, { recursive: true, force: true })
  await mkdir(unpacked)
  await $({ quiet: true })`tar -xzf ${archive} -C ${unpacked} --strip-components 1`
  await rename(unpacked, home)
  await rm(archive)
  return home
}

async function download(release: Release, expected: string, dir: string, say: (line: string) => void): Promise<string> {
  const archive = join(dir, `${release.file}.part-${process.pid}`)
  const problems: string[] = []
  for (const url of release.urls) {
    say(`download ${url}`)
    try {
      const answer = await fetch(url, { signal: AbortSignal.timeout(1_800_000) })
      if (!answer.ok || !answer.body) throw new Error(`HTTP ${answer.status}`)
      await pipeline(Readable.fromWeb(answer.body), createWriteStream(archive))
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
