import { readFileSync } from 'node:fs'
import type { Admin, Kafka } from 'kafkajs'
import type { KafkaConfig } from '../../lib/config.ts'
import { errorMessage } from '../../lib/errors.ts'
import { kafkaError } from '../../lib/kafka.ts'
import { kafkaClient, withAdmin } from '../kafka/client.ts'
import { count, type Finding, fine, isWrong, some, wrong } from './finding.ts'
import { lookAtGroup, lookAtCoordinator } from './group.ts'
import { probe, type Reach, whatSpeaks } from './probe.ts'
import { lookAtRecords } from './records.ts'

export type Cluster = Extract<KafkaConfig, { kind: 'cluster' }>

/** What of a cluster the lab uses. */
export interface Place {
  topic: string
  group: string
}

/** Clock and patience, for tests. */
export interface Watch {
  /** Milliseconds since 1970. */
  now: number
  /** How long a group is watched before it counts as standing still. */
  watchMs: number
}

/** Everything about a topic that the checks of its records and its group need. */
export interface TopicView extends Place {
  kafka: Kafka
  admin: Admin
  offsets: { partition: number; start: number; end: number }[]
}

/** Looks at a cluster the way a client does, step by step, and stops at the first step that fails: what comes after would only repeat it. */
export async function examineKafka(kafka: Cluster, place: Place, watch: Partial<Watch> = {}): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const look of [lookAtCa, lookAtAddresses, lookAtLanguage, lookAtAdvertised]) {
    findings.push(...(await look(kafka)))
    if (findings.some(isWrong)) return findings
  }
  return [...findings, ...(await lookInside(kafka, place, { now: Date.now(), watchMs: 2000, ...watch }))]
}

async function lookInside(kafka: Cluster, place: Place, watch: Watch): Promise<Finding[]> {
  const client = clientOf(kafka)
  try {
    return await withAdmin(client, async admin => {
      const coordinator = await lookAtCoordinator(admin, place.group)
      const topic = await lookAtTopic(admin, place.topic)
      if (topic.some(isWrong)) return [...coordinator, ...topic]
      const offsets = (await admin.fetchTopicOffsets(place.topic))
        .map(({ partition, low, high }) => ({ partition, start: Number(low), end: Number(high) }))
        .sort((a, b) => a.partition - b.partition)
      const view: TopicView = { ...place, kafka: client, admin, offsets }
      const records = await lookAtRecords(view)
      return [...coordinator, ...topic, ...records, ...(coordinator.some(isWrong) ? [] : await lookAtGroup(view, watch))]
    })
  } catch (error) {
    const { message } = kafkaError(`topic ${place.topic}, group ${place.group}`, error)
    return [wrong('the cluster stops answering', message, 'correct what the sentence names')]
  }
}

async function lookAtCa({ caFile }: Cluster): Promise<Finding[]> {
  if (!caFile) return []
  try {
    readFileSync(caFile)
    return []
  } catch (error) {
    return [
      wrong(
        `LAB_KAFKA_CA cannot be read: ${caFile}`,
        errorMessage(error),
        "give the path of the cluster's CA certificate (PEM); kafka host up writes it",
      ),
    ]
  }
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
  return seen.map(([address, reach]) =>
    reach === 'open' ? fine(`${address} accepts connections`) : wrong(`${address}: ${reach}`, ...unreachable[reach]),
  )
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
    const { brokers, controller } = await withAdmin(clientOf(kafka), admin => admin.describeCluster())
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
        : fine(`broker ${controller} is the controller of ${count(brokers.length, 'broker')}`),
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

async function lookAtTopic(admin: Admin, topic: string): Promise<Finding[]> {
  const topics = await admin.listTopics()
  if (!topics.includes(topic)) {
    const near = topics.filter(name => !name.startsWith('__')).sort()
    return [
      wrong(
        `there is no topic ${topic}`,
        `names differ, or the user may not see it; topics here: ${some(near, 10) || 'none'}`,
        `npx tickerlake topics create ${topic}, or set LAB_TOPIC`,
      ),
    ]
  }
  const [{ partitions }] = (await admin.fetchTopicMetadata({ topics: [topic] })).topics
  const leaderless = partitions.filter(({ leader }) => leader < 0).map(({ partitionId }) => String(partitionId))
  if (leaderless.length) {
    return [
      wrong(
        `topic ${topic}: no broker leads partition ${some(leaderless)}`,
        'the brokers that have it are down; with one replica that is enough',
        'start them (npx tickerlake kafka up, or kafka host status); next time three replicas',
      ),
    ]
  }
  const behind = partitions.filter(({ replicas, isr }) => isr.length < replicas.length)
  if (behind.length) {
    const [{ partitionId, replicas, isr }] = behind
    return [
      fine(`topic ${topic} is there, ${count(partitions.length, 'partition')}`),
      wrong(
        `topic ${topic}: partition ${partitionId} has ${isr.length} of ${replicas.length} replicas in sync (${behind.length} of ${partitions.length} partitions)`,
        `broker ${some(replicas.filter(id => !isr.includes(id)).map(String))} is down or cannot keep up`,
        'start it; with fewer than min.insync.replicas in sync Kafka refuses acks -1 (NOT_ENOUGH_REPLICAS)',
      ),
    ]
  }
  return [fine(`topic ${topic} is there, ${count(partitions.length, 'partition')}`)]
}

/** A client of its own: little patience, and every mechanism the lab knows. */
function clientOf(kafka: Cluster): Kafka {
  const { brokers, tls, caFile, servername, mechanism, user = '', password = '' } = kafka
  return kafkaClient(
    { brokers },
    {
      ...(tls && { ssl: { ...(caFile && { ca: [readFileSync(caFile, 'utf8')] }), ...(servername && { servername }) } }),
      ...(mechanism && { sasl: { mechanism, username: user, password } as never }),
      retry: { retries: 1, initialRetryTime: 100 },
    },
  )
}

function split(address: string): [host: string, port: number] {
  const at = address.lastIndexOf(':')
  return [address.slice(0, at).replace(/^\[|\]$/g, ''), Number(address.slice(at + 1))]
}
