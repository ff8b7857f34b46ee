import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { examineMachine, type MachinePlace, memoryFinding, versionFinding } from '../../../provisioning/doctor/machine.ts'
import { lookAtSecrets } from '../../../provisioning/doctor/secrets.ts'
import { temporaryFolder } from '../../helpers/folder.ts'
import { wrongs } from './look.ts'

/** What is wrong with a machine whose LAB_DIR and project are an empty folder, but for what is said. */
async function wrongWith(change: Partial<MachinePlace> = {}): Promise<string[]> {
  const dir = change.dir ?? temporaryFolder()
  const place = { dir, root: dir, needsHome: false, home: undefined, ports: [], downloads: false, platform: process.platform }
  return wrongs(await examineMachine({ ...place, ...change }))
}

it('finds nothing wrong with a machine that only looks on', async () => expect(await wrongWith()).toEqual([]))

it('sends native Windows to WSL', async () =>
  expect(await wrongWith({ platform: 'win32' })).toEqual([expect.stringContaining('use WSL')]))

it('finds a port that another program has taken', async () => {
  const server = createServer(socket => void socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  onTestFinished(() => void server.close())
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const found = await wrongWith({ needsHome: true, ports: [port] })
  expect(found).toHaveLength(2)
  expect(found[1]).toContain(`port ${port} is taken by another program`)
})

it('finds private files that others can read', async () => {
  const dir = temporaryFolder()
  mkdirSync(join(dir, 'aws'))
  writeFileSync(join(dir, 'aws', 'key'), 'x', { mode: 0o600 })
  writeFileSync(join(dir, 'aws', 'aws.env'), 'x', { mode: 0o600 })
  expect(await wrongWith({ dir })).toEqual([])
  chmodSync(join(dir, 'aws', 'key'), 0o644)
  expect(await wrongWith({ dir })).toEqual([
    expect.stringMatching(/key can be read by others \(mode 644\).*UNPROTECTED.*chmod 600/),
  ])
})

describe('Kafka here', () => {
  it('wants a Java that is new enough', async () => {
    const dir = temporaryFolder()
    const bin = join(dir, 'jdk', 'bin')
    mkdirSync(bin, { recursive: true })
    mkdirSync(join(dir, 'kafka'))
    writeFileSync(join(dir, 'kafka', 'cluster.json'), JSON.stringify({ brokers: 1, kraft: false, version: '3.9.2' }))
    writeFileSync(join(bin, 'java'), '#!/bin/sh\necho \'openjdk version "1.8.0_392"\' >&2\n', { mode: 0o755 })
    const before = process.env.JAVA_HOME
    process.env.JAVA_HOME = join(dir, 'jdk')
    onTestFinished(() => void (before === undefined ? delete process.env.JAVA_HOME : (process.env.JAVA_HOME = before)))
    expect(await wrongWith({ dir })).toEqual([expect.stringMatching(/is version 8, Kafka 3\.9 wants 17.*Get one:/)])
  })

  it('has no ZooKeeper from version 4 on', () => {
    expect(wrongs(versionFinding('4.1.2', false))).toEqual([expect.stringContaining('there is no zookeeper-server-start.sh')])
    expect(wrongs([...versionFinding('4.1.2', true), ...versionFinding('3.9.2', false)])).toEqual([])
  })

  it('needs memory for its heaps', () => {
    const small = { where: 'the host', totalMiB: 950, swapMiB: 0 }
    expect(wrongs(memoryFinding({ ...small, heapsMiB: [1024, 512] }))).toEqual([
      expect.stringMatching(/take up to 1716 MiB.*errno=12.*-Xmx256M/),
    ])
    expect(wrongs(memoryFinding({ ...small, heapsMiB: [256, 128] }))).toEqual([])
    expect(wrongs(memoryFinding({ ...small, swapMiB: 2048, heapsMiB: [1024, 512] }))).toEqual([])
  })

  it('is asked for at its addresses only when told to, and one that answers is enough', async () => {
    const asked: string[] = []
    const answer = (status: (url: string) => number) =>
      (async (url: string, options: RequestInit) => {
        asked.push(`${options.method} ${url}`)
        return new Response(null, { status: status(url) })
      }) as typeof fetch
    expect(await wrongWith({ get: answer(() => 404) })).toEqual([])
    expect(asked).toEqual([])
    expect(await wrongWith({ downloads: true, get: answer(() => 404) })).toEqual([
      expect.stringMatching(/cannot be downloaded.*HTTP 404.*archive\.apache\.org/),
    ])
    expect(asked[0]).toMatch(/^HEAD https:/)
    expect(await wrongWith({ downloads: true, get: answer(url => (url.includes('archive') ? 200 : 404)) })).toEqual([])
  })
})

describe('secrets', () => {
  // put together here, so that nobody takes this file for a leak
  const key = `AKIA${'Q'.repeat(16)}`

  function project(files: Record<string, string>, ignored = ''): string {
    const root = temporaryFolder()
    execFileSync('git', ['init', '-q'], { cwd: root })
    for (const [file, text] of Object.entries({ '.gitignore': ignored, ...files })) {
      mkdirSync(join(root, file, '..'), { recursive: true })
      writeFileSync(join(root, file), text)
    }
    return root
  }

  it.each<[string, Record<string, string>, RegExp]>([
    [
      'an access key in a notebook',
      { 'notebooks/x.ipynb': `{"source":["aws_key = '${key}'"]}` },
      /notebooks\/x\.ipynb holds the access key AKIAQQQQ….*git rm --cached/,
    ],
    ['a private key', { 'lab.pem': `-----BEGIN RSA PRIVATE KEY-----\n${'M'.repeat(64)}\n` }, /lab\.pem holds a private key/],
    ['settings', { 'aws.env': 'export LAB_CLOUD=aws\n' }, /aws\.env holds settings/],
    ['a .env', { '.env': 'X=1\n' }, /\.env holds settings/],
    ['a secret key', { 'a.py': `aws_secret_access_key = "${'a1/B'.repeat(10)}"` }, /a\.py holds a secret access key/],
    ['a script with CRLF', { 'run.sh': '#!/bin/bash\r\necho\r\n' }, /run\.sh has Windows' line ends.*gitattributes/],
  ])('finds %s', (_, files, words) => expect(wrongs(lookAtSecrets(project(files)))).toEqual([expect.stringMatching(words)]))

  it('does not mind what git ignores, examples of documents, and folders without git', () => {
    expect(wrongs(lookAtSecrets(project({ 'aws.env': key }, '*.env')))).toEqual([])
    expect(wrongs(lookAtSecrets(project({ 'a.md': 'AKIAIOSFODNN7EXAMPLE' })))).toEqual([])
    expect(lookAtSecrets(temporaryFolder())).toMatchObject([{ state: 'skipped' }])
  })
})
