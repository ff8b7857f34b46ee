import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBroker, type Broker } from '../../../lib/local/broker/server.ts'
import { lookUp, newTopic } from '../../contract/kafka/steps.ts'
import { unique } from '../../contract/kafka/target.ts'
import { Wire } from '../../contract/kafka/wire.ts'
import { aptInstall, pythonEnv, skipUnless } from '../../helpers/peers.ts'
import { haveRealKafka, toolCommand, type KafkaTool } from '../../helpers/real-kafka.ts'

const dir = mkdtempSync(join(tmpdir(), 'broker-'))
let broker: Broker
let wire: Wire
beforeAll(async () => {
  broker = await startBroker({ dir })
  wire = await Wire.open(broker)
})
afterAll(async () => {
  wire.close()
  await broker.close()
  rmSync(dir, { recursive: true, force: true })
})
const server = (): string => `${broker.host}:${broker.port}`

/** Runs a client. Not synchronously: the broker that it talks to lives in this process. */
function client(command: string, args: string[], input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('timeout', ['-k', '5', '120', command, ...args], { env: { ...process.env, LC_ALL: 'C.UTF-8' } })
    let out = ''
    let err = ''
    child.stdout.on('data', chunk => (out += chunk))
    child.stderr.on('data', chunk => (err += chunk))
    child.on('error', reject)
    child.on('exit', code =>
      code === 0 ? resolve(out) : reject(new Error(`${command} ${args.join(' ')} ended with ${code}\n${out}\n${err}`)),
    )
    child.stdin.end(input)
  })
}

const tool = (name: KafkaTool, args: string[], input = ''): Promise<string> => client('java', toolCommand(name, args), input)
const numbered = (prefix: string, count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}-${from + i}`)
const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

const noKcat = skipUnless(aptInstall(['kcat'], ['kcat']), 'kcat is not installed and apt-get cannot do it')

describe.skipIf(noKcat)('kcat', () => {
  const kcat = (args: string[], input = ''): Promise<string> => client('kcat', ['-b', server(), ...args], input)

  it('lists, produces, reads all, reads by time', async () => {
    const topic = await newTopic(wire, { partitions: 2 })
    expect(await kcat(['-L', '-t', topic])).toContain(`topic "${topic}" with 2 partitions`)
    await kcat(['-P', '-t', topic, '-K', ':', '-H', 'h=x'], numbered('k:v', 50).join('\n'))
    const lines = (await kcat(['-C', '-t', topic, '-e', '-q', '-f', '%s %h\n'])).trim().split('\n')
    expect(lines.sort()).toEqual(numbered('v', 50).map(value => `${value} h=x`).sort()) // prettier-ignore
    expect(await kcat(['-Q', '-t', `${topic}:0:-1`])).toMatch(/\[0\] offset \d+/)
  })

  it('reads in a group and goes on where it stopped', async () => {
    const topic = await newTopic(wire)
    const group = unique('kcat')
    await kcat(['-P', '-t', topic], numbered('a', 10).join('\n'))
    const read = (): Promise<string> => kcat(['-G', group, '-q', '-e', '-X', 'auto.offset.reset=earliest', topic])
    expect((await read()).trim().split('\n')).toEqual(numbered('a', 10))
    await kcat(['-P', '-t', topic], numbered('b', 5).join('\n'))
    expect((await read()).trim().split('\n')).toEqual(numbered('b', 5))
  })
})

const noPython = skipUnless(aptInstall(['python3-venv'], ['python3']), 'there is no Python')
const codecPackages = ['lz4==4.4.5', 'python-snappy==0.7.3', 'zstandard==0.25.0', 'crc32c==2.8']

describe.skipIf(noPython).each([
  ['2.0.2', ['kafka-python==2.0.2', ...codecPackages]],
  ['3.x', ['kafka-python==3.0.12', ...codecPackages]],
])('kafka-python %s', (_, packages) => {
  const python = async (topic: string, ...args: string[]): Promise<any> => {
    const script = join(import.meta.dirname, 'clients', 'kafka_python.py')
    return JSON.parse(await client(join(pythonEnv('kafka-python', packages), 'python'), [script, server(), topic, ...args]))
  }

  it('produces, consumes in a group, goes on where it stopped', async () => {
    const topic = await newTopic(wire, { partitions: 2 })
    const group = unique('python')
    expect(await python(topic, 'produce', 'none', '0', '30')).toEqual({ offsets: 30 })
    const first = await python(topic, 'consume', group, '30')
    expect([first.values.sort(), first.committed]).toEqual([numbered('none', 30).sort(), 30])
    await python(topic, 'produce', 'gzip', '0', '5')
    expect((await python(topic, 'consume', group, '5')).values.sort()).toEqual(numbered('gzip', 5).sort())
    expect(await python(topic, 'watermarks')).toEqual({ count: 35 })
    expect((await python(topic, 'admin')).groups).toContain(group)
  })
})

describe.skipIf(noPython)('confluent-kafka', () => {
  const confluent = async (topic: string, ...args: string[]): Promise<any> => {
    const script = join(import.meta.dirname, 'clients', 'confluent.py')
    return JSON.parse(
      await client(join(pythonEnv('confluent-kafka', ['confluent-kafka==2.16.1']), 'python'), [script, server(), topic, ...args]),
    )
  }

  it('produces, consumes in a group, goes on where it stopped, administers', async () => {
    const topic = await newTopic(wire, { partitions: 2 })
    const group = unique('confluent')
    expect(await confluent(topic, 'produce', 'none', '0', '30')).toEqual({ errors: [] })
    expect((await confluent(topic, 'consume', group, '30')).values.sort()).toEqual(numbered('none', 30).sort())
    await confluent(topic, 'produce', 'lz4', '0', '5')
    expect((await confluent(topic, 'consume', group, '5')).values.sort()).toEqual(numbered('lz4', 5).sort())
    const { groups, ...rest } = await confluent(topic, 'admin')
    expect(rest).toEqual({ partitions: 4, retention: '604800000' })
    expect(groups).toContain(group)
  })

  it('rebalances cooperatively', async () => {
    const topic = await newTopic(wire, { partitions: 4 })
    expect(await confluent(topic, 'cooperative', unique('coop'))).toEqual({ assigned: '4, 2 and 2, 4' })
  })

  it('a transaction that is committed is read, one that is aborted is not', async () => {
    const topic = await newTopic(wire)
    expect(await confluent(topic, 'transaction', 'no', 'abort')).toEqual({ errors: [] })
    expect(await confluent(topic, 'transaction', 'yes', 'commit')).toEqual({ errors: [] })
    expect((await confluent(topic, 'consume', unique('tx'), '1')).values).toEqual(['yes'])
  })

  it.skipIf(noKcat)('every compression written by one client is read by the others', async () => {
    const topic = await newTopic(wire)
    const script = join(import.meta.dirname, 'clients', 'kafka_python.py')
    const python = join(pythonEnv('kafka-python', ['kafka-python==3.0.12', ...codecPackages]), 'python')
    const expected: string[] = []
    for (const codec of codecs) {
      await confluent(topic, 'produce', codec, '0', '20')
      await client(python, [script, server(), topic, 'produce', codec, '20', '20'])
      await client('kcat', ['-b', server(), '-P', '-t', topic, '-z', codec], numbered(codec, 20, 40).join('\n'))
      expected.push(...numbered(codec, 60))
      if (!noJava) {
        const args = ['--bootstrap-server', server(), '--topic', topic, '--producer-property', `compression.type=${codec}`]
        await tool('kafka-console-producer', args, numbered(codec, 20, 60).join('\n'))
        expected.push(...numbered(codec, 20, 60))
      }
    }
    expected.sort()
    const count = String(expected.length)
    expect((await confluent(topic, 'consume', unique('z'), count)).values.sort()).toEqual(expected)
    expect(JSON.parse(await client(python, [script, server(), topic, 'consume', unique('z'), count])).values.sort()).toEqual(
      expected,
    )
    expect((await client('kcat', ['-b', server(), '-C', '-t', topic, '-e', '-q'])).trim().split('\n').sort()).toEqual(expected) // prettier-ignore
    if (noJava) return
    const read = await tool('kafka-console-consumer', [
      '--bootstrap-server',
      server(),
      '--topic',
      topic,
      '--from-beginning',
      '--max-messages',
      count,
    ])
    expect(read.trim().split('\n').sort()).toEqual(expected)
  })
})

const noJava = skipUnless(haveRealKafka(), 'the Java tools need Java and Maven')

describe.skipIf(noJava)('the Java tools of Kafka 3.9.2', () => {
  const at = (): string[] => ['--bootstrap-server', server()]

  it('kafka-topics creates, lists, describes, alters, deletes', async () => {
    const topic = unique('java')
    await tool('kafka-topics', [...at(), '--create', '--topic', topic, '--partitions', '2', '--config', 'retention.ms=1000000'])
    expect((await tool('kafka-topics', [...at(), '--list'])).split('\n')).toContain(topic)
    const described = await tool('kafka-topics', [...at(), '--describe', '--topic', topic])
    expect(described).toMatch(/PartitionCount: 2\s+ReplicationFactor: 1\s+Configs:.*retention.ms=1000000/)
    await tool('kafka-topics', [...at(), '--alter', '--topic', topic, '--partitions', '4'])
    expect(await tool('kafka-topics', [...at(), '--describe', '--topic', topic])).toContain('PartitionCount: 4')
    await tool('kafka-topics', [...at(), '--delete', '--topic', topic])
    expect((await tool('kafka-topics', [...at(), '--list'])).split('\n')).not.toContain(topic)
  })

  it('the console producer and consumer, in a group; kafka-consumer-groups with lag and reset; kafka-get-offsets', async () => {
    const topic = await newTopic(wire)
    const group = unique('java')
    const consume = (count: number): Promise<string> =>
      tool('kafka-console-consumer', [
        ...at(),
        '--topic',
        topic,
        '--group',
        group,
        '--from-beginning',
        '--max-messages',
        String(count),
      ])
    await tool('kafka-console-producer', [...at(), '--topic', topic], numbered('é', 10).join('\n'))
    expect((await consume(10)).trim().split('\n')).toEqual(numbered('é', 10))
    await tool('kafka-console-producer', [...at(), '--topic', topic], numbered('b', 5).join('\n'))
    expect((await tool('kafka-get-offsets', [...at(), '--topic', topic])).trim()).toBe(`${topic}:0:15`)
    expect(await tool('kafka-consumer-groups', [...at(), '--list'])).toContain(group)
    const row = async (): Promise<string[]> => {
      const lines = (await tool('kafka-consumer-groups', [...at(), '--describe', '--group', group])).split('\n')
      return lines.find(line => line.includes(topic))!.trim().split(/\s+/).slice(2, 6) // prettier-ignore
    }
    expect(await row()).toEqual(['0', '10', '15', '5'])
    expect((await consume(5)).trim().split('\n')).toEqual(numbered('b', 5))
    const reset = ['--reset-offsets', '--group', group, '--topic', topic, '--to-offset', '3', '--execute']
    expect(await tool('kafka-consumer-groups', [...at(), ...reset])).toMatch(/\s3\s*$/m)
    expect(await row()).toEqual(['0', '3', '15', '12'])
    await tool('kafka-consumer-groups', [...at(), '--delete', '--group', group])
    expect(await tool('kafka-consumer-groups', [...at(), '--list'])).not.toContain(group)
  })

  it('kafka-configs describes, alters, deletes', async () => {
    const topic = await newTopic(wire)
    const configs = (...args: string[]): Promise<string> =>
      tool('kafka-configs', [...at(), '--entity-type', 'topics', '--entity-name', topic, ...args])
    await configs('--alter', '--add-config', 'retention.ms=5000,max.message.bytes=100000')
    expect(await configs('--describe')).toMatch(/retention.ms=5000/)
    await configs('--alter', '--delete-config', 'retention.ms')
    expect(await configs('--describe')).not.toMatch(/retention.ms/)
  })

  it('kafka-producer-perf-test and kafka-consumer-perf-test', async () => {
    const topic = await newTopic(wire)
    const produced = await tool('kafka-producer-perf-test', ['--topic', topic, '--num-records', '20000', '--record-size', '190', '--throughput', '-1', '--producer-props', `bootstrap.servers=${server()}`, 'acks=all']) // prettier-ignore
    expect(produced).toContain('20000 records sent')
    const consumed = await tool('kafka-consumer-perf-test', [...at(), '--topic', topic, '--messages', '20000'])
    expect(consumed.trim().split('\n').at(-1)!.split(', ')[4]).toBe('20000') // prettier-ignore
  })

  it('a transactional perf test, and kafka-delete-records', async () => {
    const topic = await newTopic(wire)
    await tool('kafka-producer-perf-test', ['--topic', topic, '--num-records', '2000', '--record-size', '50', '--throughput', '-1', '--transactional-id', unique('tx'), '--transaction-duration-ms', '50', '--producer-props', `bootstrap.servers=${server()}`]) // prettier-ignore
    const read = await tool('kafka-console-consumer', [
      ...at(),
      '--topic',
      topic,
      '--from-beginning',
      '--isolation-level',
      'read_committed',
      '--max-messages',
      '2000',
    ])
    expect(read.trim().split('\n')).toHaveLength(2000)
    const offsets = join(dir, `${topic}.json`)
    writeFileSync(offsets, JSON.stringify({ version: 1, partitions: [{ topic, partition: 0, offset: 1000 }] }))
    expect(await tool('kafka-delete-records', [...at(), '--offset-json-file', offsets])).toContain('low_watermark: 1000')
    expect((await lookUp(wire, topic, -2)).offset).toBe(1000)
  })

  it('kafka-dump-log reads our segments record by record, indexes too', async () => {
    const topic = await newTopic(wire, { configs: { 'segment.bytes': '20000', 'index.interval.bytes': '1000' } })
    await tool('kafka-producer-perf-test', ['--topic', topic, '--num-records', '1000', '--record-size', '100', '--throughput', '-1', '--producer-props', `bootstrap.servers=${server()}`, 'batch.size=1000', 'compression.type=lz4']) // prettier-ignore
    const folder = join(dir, `${topic}-0`)
    const files = readdirSync(folder).filter(name => name.endsWith('.log')).map(name => join(folder, name)) // prettier-ignore
    expect(files.length).toBeGreaterThan(1)
    const dumped = await tool('kafka-dump-log', ['--deep-iteration', '--print-data-log', '--files', files.join(',')])
    expect(dumped.match(/^\| offset: /gm)).toHaveLength(1000)
    expect(dumped).not.toContain('isvalid: false')
    const index = await tool('kafka-dump-log', ['--index-sanity-check', '--files', files[0]!.replace('.log', '.index')])
    expect(index).toContain('passed sanity check')
    const offsets = await tool('kafka-dump-log', [
      '--offsets-decoder',
      '--files',
      join(dir, '__consumer_offsets-0', '00000000000000000000.log'),
    ])
    expect(offsets).toContain('"group"')
  })

  it('kafka-broker-api-versions names the versions', async () => {
    expect(await tool('kafka-broker-api-versions', at())).toMatch(/Produce\(0\): 0 to 8/)
  })
})
