import { setTimeout as sleep } from 'node:timers/promises'
import type { Admin, ITopicMetadata, Kafka } from 'kafkajs'
import { waitFor } from '../../lib/wait.ts'
import { kafkaClient, withAdmin } from './client.ts'
import type { LocalCluster } from './cluster.ts'
import { type Sender, startSender } from './replication-sender.ts'

/** One way to keep messages safe: the topic's settings and what the producer waits for. */
export interface Setting {
  replicationFactor: 1 | 3
  minInsyncReplicas: 1 | 2
  /** unclean.leader.election.enable: a replica that missed messages may lead. */
  unclean: boolean
  acks: 0 | 1 | -1
}

/** What happens to the brokers: `crash` kills the leader, `disk` takes its data too, `double` kills the followers first. */
export type Scenario = 'crash' | 'disk' | 'double'

export interface Outcome extends Setting {
  scenario: Scenario
  /** Messages that were acknowledged to the producer (with acks 0: handed to the socket). */
  acknowledged: number
  /** Of these, how many are not in the topic afterwards. */
  lost: number
  duplicates: number
  /** Longest time without an acknowledgement after the kill, in ms; null when there was none over half a second. */
  outageMs: number | null
  /** Kafka's names of the errors the producer saw. */
  errors: string[]
}

const allAcks = [0, 1, -1] as const
const single: Setting[] = allAcks.map(acks => ({ replicationFactor: 1, minInsyncReplicas: 1, unclean: false, acks }))
const triple: Setting[] = ([1, 2] as const).flatMap(minInsyncReplicas =>
  allAcks.map(acks => ({ replicationFactor: 3, minInsyncReplicas, unclean: false, acks }) as const),
)
const unclean: Setting[] = ([1, 2] as const).flatMap(minInsyncReplicas =>
  [false, true].flatMap(unclean =>
    ([1, -1] as const).map(acks => ({ replicationFactor: 3, minInsyncReplicas, unclean, acks }) as const),
  ),
)

/** The settings that each scenario compares. */
export const scenarios: Record<Scenario, Setting[]> = {
  crash: [...single, ...triple],
  disk: [...single, ...triple],
  double: unclean,
}

/** A client that looks for a living broker with patience; each failed send is still reported (replication-sender.ts). */
export const patientClient = (cluster: LocalCluster, requestTimeout = 5000): Kafka =>
  kafkaClient(
    { brokers: cluster.bootstrap },
    { retry: { retries: 20, initialRetryTime: 100, maxRetryTime: 500 }, connectionTimeout: 1000, requestTimeout },
  )

export interface Play {
  /** How long messages flow before the leader dies, in ms; default 3000. */
  sendMs?: number
  /** Told what happens, line by line. */
  say?: (line: string) => void
}

/**
 * Plays one scenario: numbered messages go to one topic for each setting, the leader of all of them dies, everything comes back,
 * and each topic is read to its end. `leader` is the broker that dies.
 */
export async function playScenario(
  cluster: LocalCluster,
  scenario: Scenario,
  leader: number,
  { sendMs = 3000, say = () => {} }: Play = {},
): Promise<Outcome[]> {
  const settings = scenarios[scenario]
  const kafka = patientClient(cluster)
  return withAdmin(patientClient(cluster, 30_000), async admin => {
    const followers = cluster.ids.filter(id => id !== leader)
    const topics = await createTopics(admin, settings, [leader, ...followers], `${scenario}-${leader}-${Date.now().toString(36)}`)
    await until(admin, topics, 'all replicas in sync', p => p.leader === leader && p.isr.length === p.replicas.length)
    say(`${topics.length} topics, one for each setting; broker ${leader} leads them all`)
    if (scenario === 'double') {
      for (const id of followers) await cluster.killBroker(id)
      await until(admin, topics, 'the leader alone in sync', p => p.isr.length === 1)
      say(`brokers ${followers.join(' and ')} killed: broker ${leader} is alone in sync`)
    }
    const senders = await Promise.all(settings.map(({ acks }, index) => startSender(kafka, topics[index] as string, acks)))
    await sleep(sendMs)
    for (const sender of senders) sender.markKill()
    await cluster.killBroker(leader)
    say(`kill -9 of broker ${leader} after ${sendMs / 1000} s of sending to all of them`)
    const replicated = topics.filter((_, index) => settings[index]?.replicationFactor === 3)
    if (scenario === 'double') await reviveFollowersFirst(cluster, senders, { leader, followers, say })
    else await reviveAfterFailover(cluster, admin, senders, { scenario, leader, replicated, say })
    await until(admin, topics, 'all replicas back in sync', p => p.leader >= 0 && p.isr.length === p.replicas.length)
    say('all brokers are back, all replicas in sync; read every topic to its end')
    const found = await readToEnd(kafka, admin, topics)
    // else every later run would carry the topics of all before it through its elections
    await admin.deleteTopics({ topics, timeout: 30_000 })
    return settings.map((setting, index) => ({
      scenario,
      ...setting,
      ...count(senders[index] as Sender, found.get(topics[index] as string) ?? []),
    }))
  })
}

async function createTopics(admin: Admin, settings: Setting[], brokers: number[], tag: string): Promise<string[]> {
  const topics = settings.map((setting, index) => ({
    topic: `${tag}-${index}`,
    // the first replica is the preferred leader, so one kill hits every topic
    replicaAssignment: [{ partition: 0, replicas: brokers.slice(0, setting.replicationFactor) }],
    configEntries: [
      { name: 'min.insync.replicas', value: String(setting.minInsyncReplicas) },
      { name: 'unclean.leader.election.enable', value: String(setting.unclean) },
    ],
  }))
  await admin.createTopics({ topics, waitForLeaders: true, timeout: 25_000 })
  return topics.map(({ topic }) => topic)
}

type Partition = ITopicMetadata['partitions'][number]

function until(admin: Admin, topics: string[], what: string, holds: (partition: Partition) => boolean): Promise<boolean> {
  return waitFor(
    what,
    async () => {
      try {
        const metadata = await admin.fetchTopicMetadata({ topics })
        return metadata.topics.every(topic => topic.partitions.length > 0 && topic.partitions.every(holds))
      } catch {
        return false // no broker answers yet, or LEADER_NOT_AVAILABLE for one of the topics
      }
    },
    { timeoutMs: 120_000, intervalMs: 200 },
  )
}

interface Failover {
  scenario: Scenario
  leader: number
  replicated: string[]
  say: (line: string) => void
}

async function reviveAfterFailover(
  cluster: LocalCluster,
  admin: Admin,
  senders: Sender[],
  { scenario, leader, replicated, say }: Failover,
): Promise<void> {
  await until(admin, replicated, 'another leader', p => p.leader >= 0 && p.leader !== leader)
  say('the replicated topics have another leader; sending goes on')
  await sleep(3000)
  await Promise.all(senders.map(sender => sender.stop()))
  if (scenario === 'disk') cluster.wipeDisk(leader)
  say(`broker ${leader} starts again${scenario === 'disk' ? ' with an empty disk' : ''}`)
  await cluster.startBroker(leader)
}

async function reviveFollowersFirst(
  cluster: LocalCluster,
  senders: Sender[],
  { leader, followers, say }: { leader: number; followers: number[]; say: (line: string) => void },
): Promise<void> {
  await Promise.all(senders.map(sender => sender.stop()))
  await cluster.startBroker(followers[0] as number)
  say(`broker ${followers[0]} is back, without the last messages; it leads where unclean elections are allowed`)
  await sleep(2000) // time for such an election
  await cluster.startBroker(leader)
  await cluster.startBroker(followers[1] as number)
}

/** The numbers in each topic, in log order. */
async function readToEnd(kafka: Kafka, admin: Admin, topics: string[]): Promise<Map<string, number[]>> {
  const found = new Map<string, number[]>(topics.map(topic => [topic, []]))
  const ends = new Map<string, number>()
  for (const topic of topics) {
    const [offsets] = await admin.fetchTopicOffsets(topic)
    if (offsets && Number(offsets.high) > Number(offsets.low)) ends.set(topic, Number(offsets.high) - 1)
  }
  const consumer = kafka.consumer({ groupId: `count-${Date.now().toString(36)}`, maxWaitTimeInMs: 300 })
  await consumer.connect()
  await consumer.subscribe({ topics: [...ends.keys()], fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachBatch: async ({ batch }) => {
      for (const { value } of batch.messages) found.get(batch.topic)?.push(Number.parseInt(String(value), 10))
      if (Number(batch.lastOffset()) >= (ends.get(batch.topic) ?? Infinity)) ends.delete(batch.topic)
    },
  })
  await waitFor('the topics read to their end', () => ends.size === 0, { timeoutMs: 120_000 })
  await consumer.disconnect()
  return found
}

function count(sender: Sender, log: number[]): Omit<Outcome, keyof Setting | 'scenario'> {
  const there = new Set(log)
  const { acknowledged, outageMs, errors } = sender.report()
  const lost = [...acknowledged].filter(number => !there.has(number)).length
  return { acknowledged: acknowledged.size, lost, duplicates: log.length - there.size, outageMs, errors }
}
