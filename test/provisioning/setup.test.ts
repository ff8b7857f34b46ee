import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'

interface Setup {
  refusal(machine: { platform: string; arch: string; node: string; npm?: string }): string | undefined
  explain(complaint: string): string
  isCutOff(complaint: string): boolean
  isInstalled(root: string, machine?: { platform: string; arch: string }): boolean
  hasNode(root: string, version?: string): boolean
}
const script = new URL('../../provisioning/setup.mjs', import.meta.url)
const { refusal, explain, isCutOff, isInstalled, hasNode } = (await import(script.href)) as Setup
const good = { platform: 'linux', arch: 'x64', node: 'v20.9.0', npm: '10.1.0' }

describe('refusal', () => {
  it.each([
    [good, undefined],
    [{ ...good, platform: 'darwin', arch: 'arm64', node: 'v26.10.0', npm: undefined }, undefined],
    [{ ...good, platform: 'win32' }, /not on native Windows: install WSL/],
    [{ ...good, platform: 'freebsd' }, /this is freebsd x64/],
    [{ ...good, arch: 'ia32' }, /this is linux ia32/],
    [{ ...good, node: 'v18.20.4' }, /^Node v18.20.4 is too old, 20 or newer is needed/],
    [{ ...good, npm: '8.19.4' }, /^npm 8.19.4 is too old, 9 or newer is needed/],
  ])('%o', (machine, expected) => {
    if (expected) expect(refusal(machine)).toMatch(expected)
    else expect(refusal(machine)).toBeUndefined()
  })
})

describe('explain', () => {
  it.each([
    ['npm error code ENOTFOUND\nnpm error network request to x failed', /does not answer \(ENOTFOUND\): check the network/],
    ['npm ERR! code ECONNREFUSED', /does not answer \(ECONNREFUSED\)/],
    ['npm error code E503', /does not answer \(E503\)/],
    ['npm error code SELF_SIGNED_CERT_IN_CHAIN', /certificate is not trusted/],
    ['npm error code E404\nnpm error 404 Not Found', /does not give out a package \(E404\)/],
    ['npm error code EACCES\nnpm error syscall mkdir', /folder cannot be written \(EACCES\)/],
    ['npm error code ENOSPC', /disk is full/],
    ['npm error code EINTEGRITY', /package is damaged/],
    ['npm error code EUSAGE', /do not belong together/],
    ['npm error code 1\nnpm error path /x\nnpm error Something new', /could not be installed \(path \/x\): run `npm ci`/],
    ['npm http fetch GET https://x/zod attempt 1 failed with EAI_AGAIN', /does not answer \(EAI_AGAIN\)/],
    ['npm http fetch GET 200 https://x/zod 12ms (cache miss)\nKilled', /could not be installed \(Killed\)/],
    ['', /could not be installed \(npm said nothing\)/],
    ['Segmentation fault', /could not be installed \(Segmentation fault\)/],
  ])('%s', (complaint, sentence) => {
    expect(explain(complaint)).toMatch(sentence)
    expect(explain(complaint)).not.toContain('\n')
  })
})

describe('isCutOff', () => {
  const failed = 'npm http fetch GET https://x/zod attempt 1 failed with ENOTFOUND\n'

  it('is true when twenty downloads failed and none came', () => {
    expect(isCutOff(failed.repeat(19))).toBe(false)
    expect(isCutOff(failed.repeat(20))).toBe(true)
    expect(isCutOff('npm http fetch GET 200 https://x/zx 30ms (cache miss)\n' + failed.repeat(20))).toBe(false)
  })
})

describe('isInstalled', () => {
  const entry = (version: string, more: object = {}) => ({ version, ...more })
  const wanted = {
    '': {},
    lib: entry('0.1.0'),
    'node_modules/tickerlake': { link: true },
    'node_modules/a': entry('1.0.0'),
    'node_modules/b-linux-x64': entry('2.0.0', { optional: true, os: ['linux'], cpu: ['x64'] }),
    'node_modules/b-darwin-arm64': entry('2.0.0', { optional: true, os: ['darwin'], cpu: ['arm64'] }),
    'node_modules/c-musl': entry('3.0.0', { optional: true, os: ['linux'], libc: ['musl'] }),
  }
  const found = { 'node_modules/a': entry('1.0.0'), 'node_modules/b-linux-x64': entry('2.0.0') }
  const linux = { platform: 'linux', arch: 'x64' }

  it('compares the lock file with what npm has put there, for this platform', () => {
    expect(isInstalled(project(wanted, found), linux)).toBe(true)
    expect(isInstalled(project(wanted, found), { platform: 'darwin', arch: 'arm64' })).toBe(false)
    expect(isInstalled(project(wanted, { ...found, 'node_modules/a': entry('0.9.0') }), linux)).toBe(false)
    expect(isInstalled(project({ ...wanted, 'node_modules/new': entry('1.0.0') }, found), linux)).toBe(false)
    expect(isInstalled(project(wanted), linux)).toBe(false)
  })

  it('takes a record that was cut off for none', () => {
    const root = project(wanted, found)
    writeFileSync(join(root, 'node_modules', '.package-lock.json'), '{"packages": {')
    expect(isInstalled(root, linux)).toBe(false)
  })
})

describe('hasNode', () => {
  it('misses the pinned Node where npm ran no scripts and the machine has an old one', () => {
    const root = project({}, {})
    expect(hasNode(root, 'v20.20.2')).toBe(false)
    expect(hasNode(root, 'v24.0.0')).toBe(true)
    mkdirSync(join(root, 'node_modules', '.bin'))
    symlinkSync(process.execPath, join(root, 'node_modules', '.bin', 'node'))
    expect(hasNode(root, 'v20.20.2')).toBe(true)
  })
})

describe('the script', () => {
  it('installs what NODE_ENV=production or omit=optional would leave out', async () => {
    const root = copied()
    await setUp(root, fakeNpm(`echo "$@" > "${root}/asked"; exit 1`))
    expect(readFileSync(join(root, 'asked'), 'utf8')).toMatch(/^ci .*--include=dev --include=optional /)
  })

  it('does nothing and says nothing when all is there', async () => {
    const root = copied({ 'node_modules/a': { version: '1.0.0' } })
    const forbidden = fakeNpm('exit 1')
    expect(await setUp(root, forbidden)).toEqual({ status: 0, stderr: '' })
    expect(await setUp(root, forbidden)).toEqual({ status: 0, stderr: '' })
  })

  it('says in one sentence that npm failed, lets others go on, and leaves no lock', async () => {
    const root = copied()
    const { status, stderr } = await setUp(root, fakeNpm('echo "npm error code ENOTFOUND" >&2; exit 1'))
    expect(status).toBe(1)
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringMatching(/^Installing/),
      expect.stringMatching(/^The packages could not be downloaded/),
    ])
    expect(existsSync(join(root, '.setup.lock'))).toBe(false)
  })

  it('says that the folder cannot be written', async () => {
    if (process.getuid?.() === 0) return // root may write everywhere
    const root = copied()
    chmodSync(root, 0o500)
    onTestFinished(() => chmodSync(root, 0o700))
    expect((await setUp(root, fakeNpm('exit 1'))).stderr).toMatch(/folder cannot be written \(EACCES\)/)
  })

  it('is run once when started three times at once, also over the lock of a dead process', async () => {
    const root = copied()
    writeFileSync(join(root, '.setup.lock'), '999999999')
    const install = `echo run >> "${root}/runs"; sleep 0.3; mkdir -p node_modules/.bin; cp package-lock.json node_modules/.package-lock.json; ln -sf "${process.execPath}" node_modules/.bin/node`
    const npm = fakeNpm(install)
    const runs = await Promise.all([setUp(root, npm), setUp(root, npm), setUp(root, npm)])
    expect(runs.map(run => run.status)).toEqual([0, 0, 0])
    expect(readFileSync(join(root, 'runs'), 'utf8')).toBe('run\n')
    expect(existsSync(join(root, '.setup.lock'))).toBe(false)
  })
})

function folder(): string {
  const root = mkdtempSync(join(tmpdir(), 'setup-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  return root
}

function project(wanted: object, found?: object): string {
  const root = folder()
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages: wanted }))
  if (!found) return root
  mkdirSync(join(root, 'node_modules'))
  writeFileSync(join(root, 'node_modules', '.package-lock.json'), JSON.stringify({ packages: found }))
  return root
}

/** A project of nothing but the script. */
function copied(found?: object): string {
  const root = project({ 'node_modules/a': { version: '1.0.0' } }, found)
  for (const name of ['provisioning', 'lib']) mkdirSync(join(root, name))
  writeFileSync(join(root, 'provisioning', 'setup.mjs'), readFileSync(script))
  return root
}

/** A folder with an `npm` that does this instead of an installation. */
function fakeNpm(script: string): string {
  const bin = folder()
  writeFileSync(join(bin, 'npm'), `#!/bin/sh\nif [ "$1" = --version ]; then echo 10.0.0; exit; fi\n${script}\n`, { mode: 0o755 })
  return bin
}

function setUp(root: string, bin: string): Promise<{ status: number | null; stderr: string }> {
  const { npm_execpath: _, npm_config_user_agent: __, ...env } = process.env
  const child = spawn(process.execPath, [join(root, 'provisioning', 'setup.mjs')], {
    env: { ...env, PATH: `${bin}:${env.PATH}` },
  })
  let stderr = ''
  child.stderr.on('data', chunk => (stderr += chunk))
  return new Promise(resolve => child.on('close', status => resolve({ status, stderr })))
}
