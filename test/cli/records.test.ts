import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { openReader } from '../../lib/consumer/reader.ts'
import { kafkaClient } from '../../lib/kafka.ts'
import type { Lab } from '../../lib/lab.ts'
import { produceRaw } from '../../lib/producer.ts'
import { createTopic } from '../../lib/topic.ts'
import { waitFor } from '../../lib/wait.ts'
import { runCli, startCli } from '../helpers/cli.ts'
import { homeForTests } from '../helpers/lab.ts'
import { tell, type Told } from './in-process.ts'

let dir: string
let lab: Lab
beforeAll(async () => {
  const home = await homeForTests()
  dir = home.dir
  lab = home.open()
})

const run = (args: string[]): Promise<Told> => tell(args, { LAB_DIR: dir })
async function ok(args: string[]): Promise<string> {
  const { error, stdout } = await run(args)
  expect(error).toBeUndefined()
  return stdout
}

let made = 0
async function topic(partitions = 1): Promise<string> {
  const name = `console-${++made}`
  await createTopic(lab, name, { partitions })
  return name
}

/** Everything in a topic, partition by partition. */
async function recordsOf(name: string) {
  const reader = await openReader(await kafkaClient(lab), name)
  const { records } = await reader.read(new Map([[0, 0]]), 100).finally(() => reader.close())
  return records.map(({ key, value, headers }) => ({ key: key?.toString() ?? null, value: value?.toString() ?? null, headers }))
}

/** A file with these lines. */
function fileOf(text: string): string {
  const file = join(dir, `lines-${++made}.txt`)
  writeFileSync(file, text)
  return file
}

describe('produce', () => {
  it('takes keys, headers, nulls and bytes of lines as they are', async () => {
    const name = await topic()
    const plain = fileOf('a:1\r\nb:x:y\nc:NULL')
    const how = ['--key-separator', ':', '--null-marker', 'NULL', '--header', 'by=test']
    await ok(['produce', '--topic', name, '--file', plain, ...how])
    const headed = fileOf('s:web,s:b\tNYA\tv\n')
    const properties = ['--property', 'parse.headers=true', '--property', 'parse.key=true', '--acks', '1']
    await ok(['produce', '--topic', name, '--file', headed, ...properties])
    const records = await recordsOf(name)
    expect(records).toMatchObject([
      { key: 'a', value: '1' },
      { key: 'b', value: 'x:y' },
      { key: 'c', value: null },
      { key: 'NYA', value: 'v' },
    ])
    expect(String(records[0]!.headers.by)).toBe('test')
    expect([records[3]!.headers.s].flat().map(String)).toEqual(['web', 'b'])
  })

  it('reads a file, sends to one partition, and gives bytes back as they were', async () => {
    const name = await topic(2)
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, at) => at).filter(byte => byte !== 10 && byte !== 13))
    const file = join(dir, 'bytes.bin')
    writeFileSync(file, Buffer.concat([bytes, Buffer.from('\n')]))
    expect(await ok(['produce', '--topic', name, '--file', file, '--partition', '1', '--compression', 'gzip'])).toContain(
      'partition 1: 1',
    )
    const reader = await openReader(await kafkaClient(lab), name)
    const { records } = await reader.read(new Map([[1, 0]]), 100).finally(() => reader.close())
    expect(records[0]!.value!.equals(bytes)).toBe(true)
  })

  it('sends what came before a wrong line, and names it', async () => {
    const name = await topic()
    const how = ['produce', '--topic', name, '--key-separator', ':', '--file']
    const { error } = await run([...how, fileOf('a:1\nbad\nc:3\n')])
    expect(error).toMatch(/ line 2: no key separator ":" in "bad"\..*\(1 lines before it were sent\.\)$/)
    await ok([...how, fileOf('bad\n'), '--ignore-errors'])
    expect(await recordsOf(name)).toMatchObject([{ key: 'a' }, { key: null, value: 'bad' }])
  })

  it('takes lines from stdin as they come', async () => {
    const name = await topic()
    const env = { LAB_DIR: dir }
    expect(await runCli(['produce', '--topic', name, '--stdin', '--acks', '0'], env, 'one\ntwo')).toMatchObject({ code: 0 })
    expect(await recordsOf(name)).toMatchObject([{ value: 'one' }, { value: 'two' }])
  })
})

describe('consume', () => {
  let name: string
  beforeAll(async () => {
    name = await topic(2)
    for (const [partition, value] of [
      [0, 'a0'],
      [0, 'a1'],
      [1, 'b0'],
      [0, null],
    ] as const)
      await produceRaw(lab, [{ key: `k${partition}`, value, partition, headers: { h: 'x' } }], { topic: name })
  })
  const sorted = (text: string): string[] => text.trim().split('\n').sort()

  it.each<[string[], string[]]>([
    [['--from-beginning'], ['a0', 'a1', 'b0', 'null']],
    [
      ['--partition', '0', '--from', '1'],
      ['a1', 'null'],
    ],
    [
      ['--from', '-1'],
      ['b0', 'null'],
    ],
    [['--from', 'PT1H', '--partition', '1'], ['b0']],
    [
      ['--from', '2020-01-01'],
      ['a0', 'a1', 'b0', 'null'],
    ],
    [['--from', '2099-01-01T00:00:00Z'], ['']],
    [['--partition', '0', '--from-beginning', '--max-messages', '1'], ['a0']],
    [['--partition', '1', '--from', '0', '--keys', '--headers', '--places'], ['Partition:1\tOffset:0\th:x\tk1\tb0']],
    [['--partition', '1', '--from', '0', '--property', 'print.key=true', '--property', 'key.separator=|'], ['k1|b0']],
    [['--partition', '1', '--from', '0', '--property', 'print.value=false', '--keys'], ['k1']],
  ])('%j gives %j', async (args, lines) => {
    const { error, stdout, stderr } = await run(['consume', name, '--until-end', ...args])
    expect({ error, lines: sorted(stdout) }).toEqual({ error: undefined, lines })
    expect(stderr).toMatch(/^\d records?\.\n$/)
  })

  it('gives JSON lines', async () => {
    const [line] = (await ok(['consume', name, '--partition', '1', '--from', 'earliest', '--until-end', '--json'])).split('\n')
    expect(JSON.parse(line!)).toEqual({
      partition: 1,
      offset: 0,
      time: expect.stringMatching(/Z$/),
      key: 'k1',
      value: 'b0',
      headers: { h: 'x' },
    })
  })

  it('follows a topic until Ctrl-C, and begins with what comes then', async () => {
    const watched = await topic()
    await produceRaw(lab, [{ value: 'before' }], { topic: watched })
    const follower = startCli(['consume', watched], { LAB_DIR: dir })
    let sent = 0
    await waitFor('a record that came', async () => {
      await produceRaw(lab, [{ value: `after ${++sent}` }], { topic: watched })
      return follower.written().includes('after')
    })
    follower.child.kill('SIGINT')
    const { code, stdout } = await follower.ended
    expect(code).toBe(0)
    expect(stdout).toMatch(/^after \d+\n/)
    expect(stdout).not.toContain('before')
  })

  it('reads on where its group was, and leaves the group behind empty', async () => {
    const watched = await topic()
    await produceRaw(lab, [{ value: '1' }, { value: '2' }, { value: '3' }], { topic: watched })
    const asGroup = ['consume', watched, '--group', 'watchers', '--from-beginning', '--max-messages']
    expect(await ok([...asGroup, '1'])).toBe('1\n')
    expect(await ok([...asGroup, '2'])).toBe('2\n3\n')
    expect(JSON.parse(await ok(['groups', 'describe', 'watchers', '--json']))).toMatchObject({
      state: 'Empty',
      members: [],
      offsets: [{ committed: 3, end: 3, lag: 0 }],
    })
  })

  it('sees whole transactions only', async () => {
    const watched = await topic()
    const client = await kafkaClient(lab)
    const producer = client.producer({ transactionalId: 'console', maxInFlightRequests: 1, idempotent: true })
    await producer.connect()
    for (const end of ['commit', 'abort'] as const) {
      const transaction = await producer.transaction()
      await transaction.send({ topic: watched, messages: [{ value: end }] })
      await transaction[end]()
    }
    await producer.disconnect()
    expect(await ok(['consume', watched, '--from-beginning', '--until-end'])).toBe('commit\n')
  })

  it('ends quietly when the reader of its pipe goes away', async () => {
    const many = await topic()
    await produceRaw(
      lab,
      Array.from({ length: 20_000 }, (_, at) => ({ value: `line ${at} ${'x'.repeat(50)}` })),
      { topic: many },
    )
    const follower = startCli(['consume', many, '--from-beginning'], { LAB_DIR: dir })
    follower.child.stdout!.once('data', () => follower.child.stdout!.destroy())
    expect(await follower.ended).toMatchObject({ code: 0, stderr: '' })
  })
})

describe('one clear error', () => {
  it.each<[string[], RegExp]>([
    [['consume', 'nope'], /^topic nope: there is no such topic/],
    [['consume', 'console-1', '--partition', '9'], /there is no partition 9\. It has 1/],
    [['consume', 'console-1', '--from', '99'], /there is no offset 99\. The partitions hold 0: 0 to \d/],
    [['consume', 'console-1', '--from', 'soon'], /^soon: expected earliest, latest/],
    [['consume', 'console-1', '--max-messages', 'x'], /^--max-messages: expected a whole number from 1, got "x"/],
    [['consume', 'console-1', '--group', 'g', '--partition', '0'], /^--group: a group begins where it was/],
    [['consume', 'console-1', '--property', 'print.kee=true'], /^--property print\.kee: unknown\. Known are/],
    [['produce', '--topic', 'console-1', '--file', 'none.txt'], /none\.txt: there is no such file/],
    [['produce', '--topic', 'console-1', '--stdin', '--partition', '9'], /there is no partition 9/],
  ])('%j', async (args, words) => {
    const { error, stdout } = await run(args)
    expect(stdout).toBe('')
    expect(error).toMatch(words)
  })

  it('for a Kafka that cannot be reached', async () => {
    const { code, stderr } = await runCli(['consume', 'x'], { LAB_DIR: dir, LAB_KAFKA: '127.0.0.1:1' })
    expect(code).toBe(1)
    expect(stderr).toMatch(/^error: topic x: Kafka cannot be reached/)
  })
})
