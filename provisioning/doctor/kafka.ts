import { readFileSync } from 'node:fs'
import type { KafkaConfig } from '../../lib/config.ts'
import { errorMessage } from '../../lib/errors.ts'
import { kafkaError } from '../../lib/kafka.ts'
import { kafkaClient, withAdmin, type KafkaAccess } from '../kafka/client.ts'
import { probe, type Reach, whatSpeaks } from './probe.ts'

/** One thing the doctor looked at. */
export interface Finding {
  ok: boolean
  /** What was seen. */
  symptom: string
  /** Why, and what to do; only where something is wrong. */
  cause?: string
  fix?: string
}

const fine = (symptom: string): Finding => ({ ok: true, symptom })
const wrong = (symptom: string, cause: string, fix: string): Finding => ({ ok: false, symptom, cause, fix })

type Cluster = Extract<KafkaConfig, { kind: 'cluster' }>

/** Looks at a cluster the way a client does, step by step, and stops at the first step that fails. */
export async function examineKafka(kafka: Cluster, place: { topic: string; group: string }): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const look of [lookAtAddresses, lookAtLanguage, lookAtAdvertised, lookAtTopic, lookAtGroup]) {
    findings.push(...(await look(kafka, place)))
    if (findings.some(({ ok }) => !ok)) break
  }
  return findings
}

const unreachable: Record<Exclude<Reach, 'open'>, [cause: string, fix: string]> = {
  refused: [
    'the host is there, but nothing listens on this port',
    'start Kafka (npx tickerlake kafka host status), or correct the port; on the host Kafka must listen on 0.0.0.0, not on localhost',
  ],
  timeout: [
    'a firewall drops it: the security group has no rule for your address of today, or the host is stopped',
    'npx tickerlake aws start puts your address in; never open it for 0.0.0.0/0',
  ],
  'unknown host': ['the name is not known here; names like ip-172-31-… are known inside of AWS only', 'use the public address'],
  'no route': ['no way leads there', 'check the address and your network'],
}

async function lookAtAddresses({ brokers }: Cluster): Promise<Finding[]> {
  const seen = await Promise.all(brokers.map(async address => [address, await probe(...split(address))] as const))
  const findings = seen.map(([address, reach]) =>
    reach === 'open' ? fine(`${address} accepts connections`) : wrong(`${address}: ${reach}`, ...unreachable[reach]),
  )
  return findings
}

async function lookAtLanguage({ brokers, tls }: Cluster): Promise<Finding[]> {
  const address = brokers[0] as string
  const speaks = await whatSpeaks(...split(address))
  if (speaks === 'something else') {
    return [
      wrong(
        `${address} does not answer as Kafka does`,
        'another program listens there (ZooKeeper on 2181? a web server?), or the broker is still starting',
        "use the broker's port (9092), or wait a little",
      ),
    ]
  }
  if (speaks === 'tls' && !tls) {
    return [
      wrong(
        `${address} speaks TLS, the lab plain text`,
        'the cluster is secure: it closes plain connections without a word',
        "set LAB_KAFKA_TLS, LAB_KAFKA_CA and the user (source the host's kafka.env)",
      ),
    ]
  }
  if (speaks === 'kafka' && tls) {
    return [
      wrong(
        `${address} speaks plain text, the lab TLS`,
        'LAB_KAFKA_TLS or LAB_KAFKA_CA is set for a cluster without TLS',
        'unset LAB_KAFKA_TLS and LAB_KAFKA_CA',
      ),
    ]
  }
  return [fine(`${address} speaks Kafka${tls ? ' over TLS' : ''}`)]
}

/** The best check: a client goes on with the addresses that the cluster tells, not with the ones it was given. */
async function lookAtAdvertised(kafka: Cluster): Promise<Finding[]> {
  try {
    const { brokers, controller } = await withAdmin(client(kafka), admin => admin.describeCluster())
    if (!brokers.length) {
      return [
        wrong(
          'the cluster names no broker',
          'the broker cannot reach itself through its own advertised address',
          'give it an inner listener on 127.0.0.1 (npx tickerlake kafka host up does)',
        ),
      ]
    }
    const findings = await Promise.all(
      brokers.map(async ({ host, port }) => advertised(`${host}:${port}`, await probe(host, port))),
    )
    return [
      ...findings,
      controller === null || controller < 0
        ? wrong('no controller', 'the cluster is just starting, or lost its quorum', 'wait, then look at the log of the brokers')
        : fine(`broker ${controller} is the controller`),
    ]
  } catch (error) {
    // kafkajs goes on with what the cluster tells, so this is where a wrong advertised address shows
    const address = brokerOf(error)
    if (address && !kafka.brokers.includes(address)) return [advertised(address, await probe(...split(address)))]
    return [
      wrong(
        'the cluster does not tell about itself',
        errorMessage(kafkaError('Kafka', error)),
        'correct what the sentence names',
      ),
    ]
  }
}

const advertised = (address: string, reach: Reach): Finding =>
  reach === 'open'
    ? fine(`the cluster tells clients ${address}, which answers`)
    : wrong(
        `the cluster tells clients ${address}: ${reach}`,
        "advertised.listeners is an address that is not known or not open here: a private one, or yesterday's after stop and start",
        'npx tickerlake kafka host up, or aws start: the address is asked of EC2 at every boot',
      )

/** The address that an error of kafkajs, or one of its causes, is about. */
function brokerOf(error: unknown): string | undefined {
  for (let inner = error; inner instanceof Error;) {
    const { broker, cause, originalError } = inner as { broker?: unknown; cause?: unknown; originalError?: unknown }
    if (typeof broker === 'string') return broker
    inner = cause ?? originalError
  }
  return undefined
}

async function lookAtTopic(kafka: Cluster, { topic }: { topic: string }): Promise<Finding[]> {
  const topics = await withAdmin(client(kafka), admin => admin.listTopics())
  if (topics.includes(topic)) return [fine(`topic ${topic} is there`)]
  const near = topics.filter(name => !name.startsWith('__')).join(', ') || 'none'
  return [
    wrong(
      `there is no topic ${topic}`,
      `names differ, or the user may not see it; topics here: ${near}`,
      `npx tickerlake topics create ${topic}, or set LAB_TOPIC`,
    ),
  ]
}

async function lookAtGroup(kafka: Cluster, { topic, group }: { topic: string; group: string }): Promise<Finding[]> {
  return withAdmin(client(kafka), async admin => {
    const ends = await admin.fetchTopicOffsets(topic)
    const [committed] = await admin.fetchOffsets({ groupId: group, topics: [topic] })
    const records = ends.reduce((sum, { low, high }) => sum + Number(high) - Number(low), 0)
    const position = new Map((committed?.partitions ?? []).map(({ partition, offset }) => [partition, Number(offset)]))
    if (![...position.values()].some(offset => offset >= 0))
      return [fine(`${records} records in ${topic}; group ${group} has read none: it begins at the beginning`)]
    const lag = ends.reduce(
      (sum, { partition, low, high }) => sum + Number(high) - Math.max(position.get(partition) ?? 0, Number(low)),
      0,
    )
    return [
      fine(
        lag > 0
          ? `group ${group} has ${lag} of ${records} records of ${topic} before it`
          : `group ${group} has read all ${records} records of ${topic}: a consumer of it prints nothing; reset it to read them again`,
      ),
    ]
  }).catch((error: unknown) => [
    wrong(
      `group ${group} cannot be looked at`,
      errorMessage(kafkaError(`group ${group}`, error)),
      'correct what the sentence names',
    ),
  ])
}

function client(kafka: Cluster) {
  const access: KafkaAccess = {
    brokers: kafka.brokers,
    ...(kafka.tls && { tls: { ca: kafka.caFile ? readFileSync(kafka.caFile, 'utf8') : '', servername: kafka.servername ?? '' } }),
    ...(kafka.mechanism && {
      user: { username: kafka.user ?? '', password: kafka.password ?? '', mechanism: 'scram-sha-512' as const },
    }),
  }
  return kafkaClient(access, { retry: { retries: 1, initialRetryTime: 100 } })
}

function split(address: string): [host: string, port: number] {
  const at = address.lastIndexOf(':')
  return [address.slice(0, at).replace(/^\[|\]$/g, ''), Number(address.slice(at + 1))]
}

/** `kafka doctor`: says what it saw, and for what is wrong the cause and the cure. Answers true when all is well. */
export async function doctor(kafka: KafkaConfig, place: { topic: string; group: string }, say = console.log): Promise<boolean> {
  if (kafka.kind === 'embedded') {
    say('LAB_KAFKA is embedded: the lab starts that Kafka itself. Ask: npx tickerlake status')
    return true
  }
  const findings = await examineKafka(kafka, place)
  for (const { ok, symptom, cause, fix } of findings)
    say(ok ? `ok   ${symptom}` : `BAD  ${symptom}\n     why: ${cause}\n     do:  ${fix}`)
  return findings.every(({ ok }) => ok)
}
