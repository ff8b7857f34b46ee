import { execFile, type ExecFileException } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { has, pythonEnv, skipUnless } from '../../helpers/peers.ts'
import { startAthenaServer, type AthenaServer } from './home.ts'

const skipped = skipUnless(has('python3'), 'python3 is not installed')

describe.skipIf(skipped)('other clients of Athena', () => {
  const dir = mkdtempSync(join(tmpdir(), 'tickerlake-athena-peers-'))
  let bin: string
  let server: AthenaServer
  let env: NodeJS.ProcessEnv
  beforeAll(async () => {
    bin = pythonEnv('athena-clients', ['awscli==1.46.3', 'boto3==1.44.5', 'awswrangler==3.17.1', 'PyAthena==4.2.1'])
    server = await startAthenaServer(dir)
    env = {
      ...process.env,
      AWS_ENDPOINT_URL: server.url,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test-secret',
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_PAGER: '',
    }
  }, 900_000)
  afterAll(async () => {
    await server?.close()
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
  })

  /** The server lives in this process, so the client must not keep it waiting. */
  const python = (...args: string[]) =>
    new Promise<string>((done, failed) => {
      execFile(join(bin, 'python'), args, { env, maxBuffer: 1 << 26 }, (error: ExecFileException | null, out, err) =>
        error ? failed(new Error(`${args.join(' ')}\n${out}\n${err}`)) : done(out),
      )
    })
  const aws = async (...args: string[]) => {
    const out = await python(join(bin, 'aws'), ...args)
    return out === '' ? {} : JSON.parse(out)
  }

  test('boto3 and PyAthena: tables, pages, parameters, errors', { timeout: 300_000 }, async () => {
    expect(await python(join(import.meta.dirname, 'boto3_steps.py'))).toBe('ok\n')
  })

  test('awswrangler: data frames with and without CTAS, UNLOAD, parameters', { timeout: 300_000 }, async () => {
    expect(await python(join(import.meta.dirname, 'awswrangler_steps.py'))).toBe('ok\n')
  })

  test('aws CLI: a query from start to rows', { timeout: 300_000 }, async () => {
    await aws('s3api', 'create-bucket', '--bucket', 'peers-cli')
    const { QueryExecutionId: id } = await aws(
      'athena',
      'start-query-execution',
      '--query-string',
      "SELECT 1 AS n, 'a' AS s",
      '--result-configuration',
      'OutputLocation=s3://peers-cli/results/',
    )
    const state = async () => (await aws('athena', 'get-query-execution', '--query-execution-id', id)).QueryExecution.Status.State
    await expect.poll(state, { timeout: 60_000 }).toBe('SUCCEEDED')
    const { ResultSet } = await aws('athena', 'get-query-results', '--query-execution-id', id)
    expect(ResultSet.Rows).toEqual([
      { Data: [{ VarCharValue: 'n' }, { VarCharValue: 's' }] },
      { Data: [{ VarCharValue: '1' }, { VarCharValue: 'a' }] },
    ])
    expect((await aws('athena', 'list-work-groups')).WorkGroups[0].Name).toBe('primary')
    expect((await aws('athena', 'list-query-executions')).QueryExecutionIds).toContain(id)
  })
})
