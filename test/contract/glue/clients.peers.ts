import { execFile, type ExecFileException } from 'node:child_process'
import { join } from 'node:path'
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { credentials, region, startGlueServer } from '../../local/glue/glueServer.ts'
import { has, pythonEnv, skipUnless } from '../../helpers/peers.ts'

const skipped = skipUnless(has('python3'), 'python3 is not installed')

describe.skipIf(skipped)('other clients of Glue', () => {
  let bin: string
  let server: Awaited<ReturnType<typeof startGlueServer>>
  let endpoint: Record<string, string>
  beforeAll(async () => {
    bin = pythonEnv('aws-clients', ['awscli==1.46.3', 'boto3==1.44.5', 'awswrangler==3.17.1'])
    server = await startGlueServer({ leastCrawlMs: 3000 })
    endpoint = {
      AWS_ENDPOINT_URL: server.url,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_DEFAULT_REGION: region,
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_PAGER: '',
    }
  }, 600_000)
  afterAll(async () => {
    await server.close()
    expect(server.logged).toEqual([])
  })

  /** Not `run` of the helpers: the server lives in this process, which must stay free. */
  const python = (...args: string[]): Promise<string> =>
    new Promise((done, failed) => {
      execFile(
        join(bin, 'python'),
        args,
        { env: { ...process.env, ...endpoint }, maxBuffer: 1 << 26 },
        (error: ExecFileException | null, out, err) =>
          error ? failed(new Error(`${args.join(' ')}\n${out}\n${err}`)) : done(out),
      )
    })
  const aws = async (...args: string[]) => JSON.parse((await python(join(bin, 'aws'), 'glue', ...args)) || '{}')

  test('boto3: a crawl from bucket to partitions', async () => {
    expect(await python(join(import.meta.dirname, 'boto3_steps.py'), server.url)).toBe('ok\n')
  })

  test('awswrangler: the catalog functions, and data frames written as tables', async () => {
    expect(await python(join(import.meta.dirname, 'awswrangler_steps.py'), server.url)).toBe('ok\n')
  })

  test('aws CLI: databases, crawlers, crawls, errors', async () => {
    const s3 = new S3Client({ endpoint: server.url, region, credentials, forcePathStyle: true })
    await s3.send(new CreateBucketCommand({ Bucket: 'cli-bucket' }))
    await s3.send(new PutObjectCommand({ Bucket: 'cli-bucket', Key: 'q/a.json', Body: '{"symbol":"NYA","close":1.0}' }))
    s3.destroy()
    const crawler = ['--name', 'cli', '--role', 'crawler', '--database-name', 'cli']
    await aws('create-database', '--database-input', '{"Name":"cli"}')
    await aws('create-crawler', ...crawler, '--targets', '{"S3Targets":[{"Path":"s3://cli-bucket/q/"}]}')
    await aws('start-crawler', '--name', 'cli')
    await expect
      .poll(async () => (await aws('get-crawler', '--name', 'cli')).Crawler.LastCrawl, { timeout: 120_000, interval: 3000 })
      .toMatchObject({ Status: 'SUCCEEDED' })
    expect(await aws('get-tables', '--database-name', 'cli', '--query', 'TableList[].Name')).toEqual(['q'])
    expect((await aws('list-crawls', '--crawler-name', 'cli')).Crawls).toMatchObject([{ State: 'COMPLETED' }])
    await expect(aws('get-table', '--database-name', 'cli', '--name', 'none')).rejects.toThrow(
      '(EntityNotFoundException) when calling the GetTable operation: Table none not found.',
    )
    await aws('delete-crawler', '--name', 'cli')
  })
})
