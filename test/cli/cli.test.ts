import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stopHome } from '../../lib/home.ts'
import { csvHeader } from '../../lib/quote.ts'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { runCli } from '../helpers/cli.ts'

let dir: string
const run = (args: string[], { env = {}, input = '' } = {}) => runCli(args, { LAB_DIR: dir, ...env }, input)

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'tickerlake-cli-'))
  expect(await run(['up', '--port', '0', '--kafka-port', '0', '--json'])).toMatchObject({ code: 0 })
  expect(await run(['topics', 'create', 'here'])).toMatchObject({ code: 0 })
})
afterAll(async () => {
  await stopHome(dir)
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
})

describe('the home', () => {
  it('is described by up, status and env', async () => {
    const home = JSON.parse((await run(['up', '--json'])).stdout)
    expect(Object.keys(home).sort()).toEqual(['accessKeyId', 'brokers', 'dir', 'endpoint', 'pid', 'region', 'secretAccessKey'])
    expect(JSON.parse((await run(['status', '--json'])).stdout)).toEqual({ running: true, ...home })
    const { stdout } = await run(['env'])
    expect(stdout).toContain(`export AWS_ENDPOINT_URL='${home.endpoint}'`)
    expect(stdout).toContain(`export AWS_SECRET_ACCESS_KEY='${home.secretAccessKey}'`)
    expect(stdout).toContain('--endpoint-url')
    expect(readFileSync(/KCAT_CONFIG='(.*)'/.exec(stdout)![1], 'utf8')).toBe(`bootstrap.servers=${home.brokers[0]}\n`)
  })

  it('is not there in an empty folder: exit code 3', async () => {
    const env = { LAB_DIR: join(dir, 'none') }
    expect(await run(['status'], { env })).toMatchObject({ code: 3, stdout: expect.stringContaining('does not run') })
    expect(await run(['env'], { env })).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('npx tickerlake up'),
    })
    expect(await run(['down'], { env })).toMatchObject({ code: 0, stdout: expect.stringContaining('was not running') })
  })

  it('does not pretend to change while it runs', async () => {
    expect(await run(['up', '--set', 'num.partitions=7'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Stop it first'),
    })
  })
})

describe('the path, command by command', () => {
  const env = {
    LAB_TOPIC: 'cli-quotes',
    LAB_GROUP: 'cli-sink',
    LAB_PREFIX: 'cli/quotes/',
    LAB_DATABASE: 'cli',
    LAB_CRAWLER: 'cli',
  }
  const ok = async (args: string[], input = ''): Promise<string> => {
    const result = await run(args, { env, input })
    expect(result, result.stderr).toMatchObject({ code: 0 })
    return result.stdout
  }

  it('goes from a CSV to a chart', async () => {
    expect(await ok(['topics', 'create', 'cli-quotes', '--partitions', '2', '--config', 'retention.ms=3600000'])).toContain(
      '2 partitions',
    )
    const csv = join(dir, 'quotes.csv')
    const rows = [
      'NYA,2020-01-02,1.0,2.0,0.5,1.5,1.5,10.0,1.5',
      'NYA,2020-01-03,1.5,2.5,1.0,2.0,2.0,20.0,2.0',
      'HSI,2020-01-02,5.0,6.0,4.0,5.5,5.5,0.0,0.7',
    ]
    writeFileSync(csv, [csvHeader.join(','), ...rows, ''].join('\n'))
    expect(JSON.parse(await ok(['produce', '--csv', csv, '--json']))).toMatchObject({ topic: 'cli-quotes', sent: 3 })
    expect(await ok(['produce', '--stdin', '--key-separator', ':'], 'smoke:a test message\n')).toContain('Sent 1 events')
    const records = (await ok(['peek', '--json']))
      .trim()
      .split('\n')
      .map(line => JSON.parse(line))
    expect(records).toHaveLength(4)
    expect(records.find(({ key }) => key === 'smoke')).toMatchObject({
      value: 'a test message',
      partition: expect.any(Number),
      offset: expect.any(Number),
    })
    expect(JSON.parse(await ok(['sink', '--json']))).toMatchObject({ records: 3, deadLetters: 1, ended: 'caught up' })
    expect(await ok(['peek', 'cli-quotes.dlq'])).toContain('a test message')
    expect(await ok(['objects'])).toMatch(/cli\/quotes\/dt=\d{4}-\d\d-\d\d\/cli-quotes\+\d\+\d{20}\.json\.gz/)
    expect(
      JSON.parse(await ok(['groups', 'describe', 'cli-sink', '--json'])).offsets.every(
        (offset: { lag: number }) => offset.lag === 0,
      ),
    ).toBe(true)
    expect(JSON.parse(await ok(['crawl', '--json'])).tables).toMatchObject([
      { table: 'quotes', change: 'created', partitionKeys: ['dt'] },
    ])
    expect(await ok(['tables'])).toContain('quotes')
    expect(await ok(['tables', 'quotes'])).toMatch(/volume +double/)
    expect(
      JSON.parse(await ok(['query', '--json', 'SELECT symbol, max(close) AS top FROM quotes GROUP BY 1 ORDER BY 1'])),
    ).toEqual([
      { symbol: 'HSI', top: 5.5 },
      { symbol: 'NYA', top: 2 },
    ])
    expect(await ok(['query', '--csv', "SELECT 'a,b' AS x, NULL AS y, 1 AS z"])).toBe('x,y,z\n"a,b",,1\n')
    expect(await ok(['query', 'SELECT 7/2 AS three'])).toMatch(/three\n-+\n +3/)
    const picture = (await ok(['chart', 'NYA'])).trim()
    expect(readFileSync(picture).subarray(1, 4).toString()).toBe('PNG')
    expect(await ok(['topics', 'describe', 'cli-quotes'])).toContain('retention.ms=3600000')
    expect(await ok(['groups', 'list'])).toContain('cli-sink')
    expect(await ok(['groups', 'delete', 'cli-sink'])).toContain('Deleted')
    expect(await ok(['topics', 'delete', 'cli-quotes'])).toContain('Deleted')
    expect(await ok(['topics', 'list'])).not.toMatch(/^cli-quotes$/m)
  })
})

describe('one clear error and exit code 1', () => {
  const wrong: [string, string[], RegExp][] = [
    ['an unknown topic', ['peek', 'nope'], /^error: topic nope: there is no such topic\./],
    ['an unknown topic to describe', ['topics', 'describe', 'nope'], /^error: topic nope: there is no such topic\./],
    [
      'an unknown topic to send to',
      ['produce', '--topic', 'nope', '--take', '1'],
      /^error: topic nope: there is no such topic\./,
    ],
    ['an unknown topic to sink', ['sink', '--topic', 'nope'], /^error: topic nope: there is no such topic\./],
    ['a name Kafka refuses', ['topics', 'create', 'a topic'], /^error: topic a topic: Kafka refuses this name/],
    ['a missing file', ['produce', '--topic', 'here', '--csv', 'none.csv'], /^error: \S*none\.csv: there is no such file/],
    ['a number that is none', ['peek', '--take', 'many'], /^error: --take: expected a whole number from 1, got "many"/],
    ['SQL with a typo', ['query', 'SELEC 1'], /^error: .*line 1:1.*SELEC/],
    [
      'a table of a database that is not there',
      ['query', 'SELECT * FROM nowhere'],
      /^error: SCHEMA_NOT_FOUND: line 1:15: Schema 'realtime_de_db' does not exist/,
    ],
    ['a database that is not there', ['tables', '--database', 'nowhere'], /^error: database nowhere: EntityNotFoundException/],
    ['an unknown group', ['groups', 'describe', 'nobody'], /^error: group nobody: there is no such consumer group/],
    ['an unknown command', ['fly'], /unknown command 'fly'/],
  ]
  it.each(wrong)('%s', async (_, args, message) => {
    const { code, stderr, stdout } = await run(args)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(message)
    expect(stderr).not.toMatch(/^\s+at /m)
  })

  it('a folder that cannot be written', async () => {
    const file = join(dir, 'file')
    writeFileSync(file, '')
    expect(await run(['up'], { env: { LAB_DIR: join(file, 'x') } })).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^error: LAB_DIR: cannot be written/),
    })
    expect(existsSync(join(file, 'x'))).toBe(false)
  })
})

it('explains every command', async () => {
  const { stdout } = await run(['--help'])
  const commands = [...stdout.matchAll(/^ {2}([a-z]+)[ |]/gm)].map(([, name]) => name).filter(name => name !== 'help')
  expect(commands).toEqual(
    expect.arrayContaining([
      'start',
      'up',
      'down',
      'status',
      'env',
      'reset',
      'topics',
      'groups',
      'produce',
      'peek',
      'sink',
      'objects',
      'crawl',
      'tables',
      'query',
      'chart',
      'kernel',
      'kafka',
      'aws',
    ]),
  )
  for (const command of ['up', 'query', 'topics']) expect((await run([command, '--help'])).stdout).toContain('Usage: tickerlake')
})

it('is emptied by reset, and runs on at the same addresses', async () => {
  const before = JSON.parse((await run(['status', '--json'])).stdout)
  expect((await run(['topics', 'list'])).stdout).toContain('here')
  expect(await run(['reset'])).toMatchObject({ code: 0, stdout: expect.stringContaining('is empty') })
  expect(await run(['topics', 'list'])).toMatchObject({ code: 0, stdout: '' })
  const { pid: _, ...after } = JSON.parse((await run(['status', '--json'])).stdout)
  expect({ ...before, ...after }).toEqual(before)
})
