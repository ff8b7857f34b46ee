import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { has, pythonEnv, skipUnless } from '../../helpers/peers.ts'
import { credentials, region, startTestServer, temporaryDir, type TestServer } from '../../local/s3/testServer.ts'

const skip = skipUnless(has('python3'), 'python3 is not installed')
const scripts = join(import.meta.dirname, 'peers')

let server: TestServer
let dir: string
beforeAll(async () => {
  server = await startTestServer()
  dir = temporaryDir()
})
afterAll(async () => {
  await server.close()
  rmSync(dir, { recursive: true, force: true })
  expect(server.logged).toEqual([])
})

/** Runs a client beside this process, where the server is; answers its output, fails with it. */
function run(command: string, args: string[], cwd = dir): Promise<string> {
  const env = {
    PATH: process.env.PATH,
    HOME: dir,
    AWS_ENDPOINT_URL: server.url,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_DEFAULT_REGION: region,
    AWS_REGION: region,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_PAGER: '',
    NO_PROXY: '127.0.0.1',
  }
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', chunk => (output += chunk))
    child.stderr.on('data', chunk => (output += chunk))
    child.once('error', reject)
    child.once('close', status =>
      status === 0 ? resolve(output) : reject(new Error(`${command} ${args.join(' ')} ended with ${status}\n${output}`)),
    )
  })
}

describe.skipIf(skip)('Python clients', () => {
  test('boto3', async () => {
    const python = join(pythonEnv('boto3', ['boto3==1.44.5', 'awscli==1.46.3']), 'python')
    expect(await run(python, [join(scripts, 'boto3_flows.py')])).toContain('ok clean_up')
  })

  test('s3fs', async () => {
    const python = join(pythonEnv('s3fs', ['s3fs==2026.9.0']), 'python')
    expect(await run(python, [join(scripts, 's3fs_flows.py')])).toBe('ok\n')
  })
})

describe.skipIf(skip)('the aws command line', () => {
  let bin: string
  beforeAll(() => {
    bin = pythonEnv('boto3', ['boto3==1.44.5', 'awscli==1.46.3'])
  })
  const aws = (...args: string[]): Promise<string> => run(join(bin, 'aws'), args)

  test('s3 cp of 200 MB there and back', async () => {
    await aws('s3', 'mb', 's3://cli-flows')
    const data = randomBytes(200_000_000)
    writeFileSync(join(dir, 'big'), data)
    await aws('s3', 'cp', 'big', 's3://cli-flows/dir/big', '--no-progress')
    await aws('s3', 'cp', 's3://cli-flows/dir/big', 's3://cli-flows/dir/copy', '--no-progress')
    await aws('s3', 'cp', 's3://cli-flows/dir/copy', 'back', '--no-progress')
    expect(data.equals(readFileSync(join(dir, 'back')))).toBe(true)
    expect(await aws('s3', 'ls', 's3://cli-flows/dir/')).toMatch(/200000000 big\n.*200000000 copy\n/)
  })

  test('s3 sync up, nothing to do, down, with --delete', async () => {
    mkdirSync(join(dir, 'tree/dt=2026-01-01'), { recursive: true })
    const names = Array.from({ length: 60 }, (_, i) => `dt=2026-01-01/part é ${i}.json`)
    for (const name of names) writeFileSync(join(dir, 'tree', name), name)
    await aws('s3', 'sync', 'tree', 's3://cli-flows/tree', '--no-progress')
    expect(await aws('s3', 'sync', 'tree', 's3://cli-flows/tree', '--no-progress')).toBe('')
    await aws('s3', 'sync', 's3://cli-flows/tree', 'down', '--no-progress')
    for (const name of names) expect(readFileSync(join(dir, 'down', name), 'utf8')).toBe(name)
    rmSync(join(dir, 'tree', names[0] as string))
    expect(await aws('s3', 'sync', 'tree', 's3://cli-flows/tree', '--delete', '--no-progress')).toContain(
      'delete: s3://cli-flows/tree/dt=2026-01-01/part é 0.json',
    )
    await aws('s3', 'mv', 's3://cli-flows/tree/dt=2026-01-01/part é 1.json', 's3://cli-flows/moved.json')
  })

  test('s3api and sts', async () => {
    const json = async (...args: string[]) => JSON.parse((await aws('s3api', ...args, '--output', 'json')) || '{}')
    writeFileSync(join(dir, 'body'), 'hello')
    const put = await json(
      'put-object',
      '--bucket',
      'cli-flows',
      '--key',
      'api',
      '--body',
      'body',
      '--metadata',
      'a=1',
      '--if-none-match',
      '*',
    )
    expect(put.ETag).toBe('"5d41402abc4b2a76b9719d911017c592"')
    await expect(
      aws('s3api', 'put-object', '--bucket', 'cli-flows', '--key', 'api', '--body', 'body', '--if-none-match', '*'),
    ).rejects.toThrow('PreconditionFailed')
    expect((await json('head-object', '--bucket', 'cli-flows', '--key', 'api')).Metadata).toEqual({ a: '1' })
    await json('put-object-tagging', '--bucket', 'cli-flows', '--key', 'api', '--tagging', 'TagSet=[{Key=k,Value=v}]')
    expect((await json('get-object-tagging', '--bucket', 'cli-flows', '--key', 'api')).TagSet).toEqual([{ Key: 'k', Value: 'v' }])
    expect(
      (await json('list-objects-v2', '--bucket', 'cli-flows', '--prefix', 'tree/', '--page-size', '7')).Contents.length,
    ).toBe(58)
    await expect(aws('s3api', 'get-object', '--bucket', 'cli-flows', '--key', 'none', 'out')).rejects.toThrow('NoSuchKey')
    expect(JSON.parse(await aws('sts', 'get-caller-identity')).Account).toBe('000000000000')
    await aws('s3', 'rb', 's3://cli-flows', '--force')
  })
})
