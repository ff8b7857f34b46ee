import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  expectedSha512,
  installRelease,
  parseSha512,
  readRelease,
  type Release,
  releasesFile,
} from '../../../provisioning/kafka/releases.ts'
import { temporaryFolder } from '../../helpers/folder.ts'

const hex = createHash('sha512').update('x').digest('hex')

/** As `gpg --print-md SHA512 FILE` prints it. */
function printMd(name: string, sum: string): string {
  const groups = sum.toUpperCase().match(/.{8}/g) as string[]
  const lines = [0, 6, 12].map(from => groups.slice(from, from + 6).join(' '))
  return `${name}: ${lines.join(`\n${' '.repeat(name.length + 2)}`)}\n`
}

describe('parseSha512', () => {
  it("reads Apache's form over several lines", () => expect(parseSha512(printMd('kafka_2.13-3.9.2.tgz', hex))).toBe(hex))
  it("reads sha512sum's form", () => expect(parseSha512(`${hex}  kafka_2.13-3.9.2.tgz\n`)).toBe(hex))
  it('reads a bare sum', () => expect(parseSha512(`${hex}\n`)).toBe(hex))
  it.each([['<html>404</html>'], [''], [hex.slice(1)], [`${hex}0`]])('refuses %j', text =>
    expect(() => parseSha512(text)).toThrow('not a sha512 sum'),
  )
})

describe('the data file', () => {
  it('has a pinned sum for 3.9.1 and a published one for 3.9.2, archive after current', async () => {
    const pinned = await readRelease('3.9.1')
    expect(pinned.sha512).toMatch(/^1ea204ba7341/)
    const published = await readRelease()
    expect(published.version).toBe('3.9.2')
    expect(published.sha512).toBeUndefined()
    for (const { urls } of [pinned, published])
      expect(urls.map(url => new URL(url).hostname)).toEqual(['downloads.apache.org', 'archive.apache.org'])
  })

  it('says what it has when a version is missing', () =>
    expect(readRelease('4.0.0')).rejects.toThrow(/4\.0\.0 is not in .*3\.9\.2, 3\.9\.1/))

  it('takes a published sum over https only', async () => {
    const file = join(temporaryFolder(), 'releases.json')
    const release = { file: 'kafka_2.13-3.9.2.tgz', urls: ['http://a/b'], sha512Urls: ['http://a/b.sha512'] }
    writeFileSync(file, JSON.stringify({ default: '3.9.2', releases: { '3.9.2': release } }))
    await expect(readRelease(undefined, file)).rejects.toThrow('over https only')
  })

  it('refuses a release without any sum', async () => {
    const file = join(temporaryFolder(), 'releases.json')
    writeFileSync(
      file,
      JSON.stringify({ default: '3.9.2', releases: { '3.9.2': { file: 'kafka_2.13-3.9.2.tgz', urls: ['http://a/b'] } } }),
    )
    await expect(readRelease(undefined, file)).rejects.toThrow('expected sha512')
  })

  it.each(['constructor', '__proto__', 'toString'])('has no version %s', version =>
    expect(readRelease(version)).rejects.toThrow('is not in'),
  )

  it('takes a pinned sum in capitals', async () => {
    const file = join(temporaryFolder(), 'releases.json')
    const release = { file: 'kafka_2.13-3.9.2.tgz', urls: ['http://a/b'], sha512: hex.toUpperCase() }
    writeFileSync(file, JSON.stringify({ default: '3.9.2', releases: { '3.9.2': release } }))
    expect((await readRelease(undefined, file)).sha512).toBe(hex)
  })

  it('names the file that cannot be read', async () => {
    const folder = temporaryFolder()
    await expect(readRelease(undefined, join(folder, 'no file'))).rejects.toThrow(/no file cannot be read/)
    writeFileSync(join(folder, 'broken'), '{"default":')
    await expect(readRelease(undefined, join(folder, 'broken'))).rejects.toThrow(/broken cannot be read as a list/)
  })

  it('names only Apache hosts', () =>
    expect(
      readFileSync(releasesFile, 'utf8')
        .match(/https?:\/\/[^/]+/g)
        ?.every(url => /apache\.org$/.test(url)),
    ).toBe(true))
})

describe('expectedSha512', () => {
  const release: Release = {
    version: '3.9.2',
    file: 'kafka_2.13-3.9.2.tgz',
    urls: ['https://x/y'],
    sha512Urls: ['https://current/y', 'https://archive/y'],
  }
  it('asks the archive when the current address has nothing', async () => {
    const asked: string[] = []
    const get = async (url: string | URL | Request): Promise<Response> => {
      asked.push(String(url))
      return String(url).includes('current') ? new Response('gone', { status: 404 }) : new Response(printMd(release.file, hex))
    }
    expect(await expectedSha512(release, get)).toBe(hex)
    expect(asked).toEqual(['https://current/y', 'https://archive/y'])
  })
  it('fails with what each address said, and asks nobody when the sum is pinned', async () => {
    const get = async (): Promise<Response> => new Response('', { status: 503 })
    await expect(expectedSha512(release, get)).rejects.toThrow(/current\/y: HTTP 503[\s\S]*archive\/y: HTTP 503/)
    expect(await expectedSha512({ ...release, sha512: hex }, get)).toBe(hex)
  })
})

describe('a published sum that moved', () => {
  const release: Release = {
    version: '3.9.2',
    file: 'kafka_2.13-3.9.2.tgz',
    urls: ['https://x/y'],
    sha512Urls: ['https://current/y'],
  }
  const moved = (to: string, body: string) => async (url: string) =>
    url === 'https://current/y' ? new Response('', { status: 302, headers: { location: to } }) : new Response(body)
  it('is followed over https', async () =>
    expect(await expectedSha512(release, moved('https://archive/y', printMd(release.file, hex)))).toBe(hex))
  it('is refused over http, in a circle, and as a web page', async () => {
    await expect(expectedSha512(release, moved('http://archive/y', hex))).rejects.toThrow(
      /http:\/\/archive\/y, and a sum is taken over https only/,
    )
    await expect(expectedSha512(release, moved('/y', hex))).rejects.toThrow('from address to address')
    await expect(expectedSha512(release, moved('https://archive/y', '<html>'))).rejects.toThrow('not a sha512 sum')
  })
})

describe('installRelease', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tickerlake-'))
  const served = new Map<string, Buffer>()
  const server = createServer((request, response) => {
    const body = served.get(request.url ?? '')
    if (request.url === '/silent') response.writeHead(200, { 'content-length': '1000' }).write('x')
    else if (request.url === '/cut') response.writeHead(200, { 'content-length': '1000' }).write('x', () => response.destroy())
    else if (request.url === '/page') response.writeHead(302, { location: '/html' }).end()
    else if (body) response.end(body)
    else response.writeHead(404).end()
  })
  let base = ''
  let release: Release
  beforeAll(async () => {
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const top = join(folder, 'kafka_2.13-3.9.2', 'libs')
    mkdirSync(top, { recursive: true })
    writeFileSync(join(top, 'a.jar'), 'jar')
    execFileSync('tar', ['-czf', join(folder, 'good.tgz'), '-C', folder, 'kafka_2.13-3.9.2'])
    const good = readFileSync(join(folder, 'good.tgz'))
    served
      .set('/good', good)
      .set('/bad', Buffer.concat([good, Buffer.from('x')]))
      .set('/html', Buffer.from('<html>'))
    release = {
      version: '3.9.2',
      file: 'kafka_2.13-3.9.2.tgz',
      urls: [],
      sha512: createHash('sha512').update(good).digest('hex'),
    }
  })
  afterAll(() => {
    server.close()
    rmSync(folder, { recursive: true })
  })

  it('tries the addresses in turn, verifies, unpacks, and does nothing the second time', async () => {
    const dir = join(temporaryFolder(), 'a dir')
    const said: string[] = []
    const wanted = { ...release, urls: [`${base}/missing`, `${base}/bad`, `${base}/good`] }
    const home = await installRelease(wanted, dir, line => said.push(line))
    expect(readFileSync(join(home, 'libs', 'a.jar'), 'utf8')).toBe('jar')
    expect(said).toEqual(wanted.urls.map(url => `download ${url}`))
    expect(await installRelease({ ...wanted, urls: [] }, dir)).toBe(home)
    expect(readdirSync(dir)).toEqual(['kafka_2.13-3.9.2'])
  })

  it('refuses a wrong sum with both sums and leaves nothing behind', async () => {
    const dir = temporaryFolder()
    const found = createHash('sha512')
      .update(served.get('/bad') as Buffer)
      .digest('hex')
    const attempt = installRelease({ ...release, urls: [`${base}/bad`] }, dir, () => {})
    await expect(attempt).rejects.toThrow(new RegExp(`expected sha512 ${release.sha512}[\\s\\S]*found    sha512 ${found}`))
    expect(readdirSync(dir)).toEqual([])
    expect(existsSync(join(dir, 'kafka_2.13-3.9.2'))).toBe(false)
  })

  it('gives up a server that falls silent, one that breaks off, and one that leads to a web page; removes what a killed run left', async () => {
    const dir = temporaryFolder()
    mkdirSync(join(dir, 'unpacking', 'libs'), { recursive: true })
    writeFileSync(join(dir, 'kafka_2.13-3.9.2.tgz.part'), 'half')
    const bad = ['silent', 'cut', 'page'].map(path => `${base}/${path}`)
    await expect(installRelease({ ...release, urls: bad }, dir, () => {}, 200)).rejects.toThrow(
      /silent: the server sent nothing for 0\.2 s[\s\S]*cut: [\s\S]*page has a wrong sum/,
    )
    expect(readdirSync(dir)).toEqual([])
    const home = await installRelease({ ...release, urls: [...bad, `${base}/good`] }, dir, () => {}, 200)
    expect(existsSync(join(home, 'libs', 'a.jar'))).toBe(true)
  })

  it('unpacks below any path, and says what was wrong with an archive', async () => {
    const dir = join(temporaryFolder(), 'a \\back $(x) "q\' #?%20')
    await installRelease({ ...release, urls: [`${base}/good`] }, dir, () => {})
    expect(readdirSync(dir)).toEqual(['kafka_2.13-3.9.2'])
    const page = { ...release, file: 'kafka_2.13-3.9.1.tgz', sha512: createHash('sha512').update('<html>').digest('hex') }
    await expect(installRelease({ ...page, urls: [`${base}/html`] }, dir, () => {})).rejects.toThrow(
      /3\.9\.1\.tgz could not be unpacked.*gzip/,
    )
    expect(readdirSync(dir)).toEqual(['kafka_2.13-3.9.2'])
  })
})
