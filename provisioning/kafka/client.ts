import type { Admin, Kafka, KafkaConfig } from 'kafkajs'
import { loadKafkajs } from '../../lib/kafkajs.ts'
import { waitFor } from '../../lib/wait.ts'

/** How the scripts reach a cluster: addresses, and for `--secure` TLS and the user. */
export interface KafkaAccess {
  brokers: string[]
  tls?: { ca: string; servername: string }
  user?: { username: string; password: string; mechanism: 'scram-sha-512' }
}

/** A silent kafkajs client; provisioning needs its own because it talks to clusters the lab's configuration does not name yet. */
export function kafkaClient(access: KafkaAccess, options: Partial<KafkaConfig> = {}): Kafka {
  const { Kafka, logLevel } = loadKafkajs()
  return new Kafka({
    clientId: 'tickerlake-provisioning',
    brokers: access.brokers,
    ...(access.tls && { ssl: { ca: [access.tls.ca], servername: access.tls.servername } }),
    ...(access.user && { sasl: access.user }),
    connectionTimeout: 3000,
    requestTimeout: 10_000,
    retry: { retries: 2, initialRetryTime: 100 },
    logLevel: logLevel.NOTHING,
    ...options,
  })
}

/** Runs `use` with a connected admin client and disconnects it. */
export async function withAdmin<T>(kafka: Kafka, use: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin()
  try {
    await admin.connect()
    return await use(admin)
  } finally {
    await admin.disconnect().catch(() => {})
  }
}

/**
 * The brokers the cluster names, as `host:port`, once it has a controller. An open port is not enough: a broker that cannot reach
 * itself answers, and names nobody.
 */
export async function describeBrokers(access: KafkaAccess): Promise<string[]> {
  return withAdmin(kafkaClient(access, { retry: { retries: 0 } }), async admin => {
    const { brokers, controller } = await admin.describeCluster()
    if (controller === null || controller < 0) return []
    return brokers.map(broker => `${broker.host}:${broker.port}`)
  })
}

/**
 * Waits until a broker that just started serves the topics it has on its disk: it names itself a moment before it knows them.
 * `listFolders` is asked each time, because Kafka may just be deleting one. Gives up after 20 s without an error.
 */
export async function waitForTopics(access: KafkaAccess, listFolders: () => string[] | Promise<string[]>): Promise<void> {
  const served = async (): Promise<boolean> => {
    const topics = topicsOf(await listFolders())
    if (!topics.length) return true
    return withAdmin(kafkaClient(access), async admin => {
      const { topics: found } = await admin.fetchTopicMetadata({ topics })
      return found.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0))
    }).catch(() => false)
  }
  await waitFor('the topics', served, { timeoutMs: 20_000, intervalMs: 100 }).catch(() => {})
}

/** The topics of a broker's `<topic>-<partition>` folders; KRaft's own log is none that a client may ask for. */
export function topicsOf(folders: string[]): string[] {
  const topics = folders.map(folder => /^(.+)-\d+$/.exec(folder)?.[1] ?? '')
  return [...new Set(topics)].filter(topic => topic && topic !== '__cluster_metadata')
}
