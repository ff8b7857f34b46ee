import { LabError } from './errors.ts'
import { topicMetadata, withAdmin } from './kafka.ts'
import type { Lab } from './lab.ts'
import { waitFor } from './wait.ts'

export interface TopicOptions {
  /** Default 3. */
  partitions?: number
  /** Default: the number of brokers, at most 3. */
  replicationFactor?: number
  /** Kafka's topic configs, such as `{ 'retention.ms': '60000' }`. */
  configs?: Record<string, string>
}

export interface PartitionReport {
  partition: number
  leader: number
  replicas: number[]
  isr: number[]
  /** First offset that is there; inclusive. */
  start: number
  /** Offset of the next record; exclusive. */
  end: number
}

export interface TopicReport {
  topic: string
  partitions: PartitionReport[]
  /** Offsets between start and end of all partitions. */
  records: number
  configs: Record<string, string>
}

/** Creates a topic and waits until it can be used. Where there are three replicas, two must be in sync (`min.insync.replicas`).
 *  Throws `LabError` TOPIC_ALREADY_EXISTS and Kafka's other refusals. */
export async function createTopic(
  lab: Lab,
  topic: string,
  options: TopicOptions = {},
): Promise<{ topic: string; partitions: number; replicationFactor: number }> {
  return withAdmin(lab, `topic ${topic}`, async admin => {
    const { brokers } = await admin.describeCluster()
    const { partitions = 3, replicationFactor = Math.min(3, brokers.length), configs = {} } = options
    const all = { ...(replicationFactor >= 3 ? { 'min.insync.replicas': '2' } : {}), ...configs }
    const configEntries = Object.entries(all).map(([name, value]) => ({ name, value }))
    const request = { topics: [{ topic, numPartitions: partitions, replicationFactor, configEntries }], waitForLeaders: true }
    await waitFor(`end of the deletion of topic ${topic}`, async () => {
      if (await admin.createTopics(request)) return true
      // A real cluster goes on deleting for a moment after the topic has left the list.
      if ((await admin.listTopics()).includes(topic))
        throw new LabError('TOPIC_ALREADY_EXISTS', `topic ${topic}: it exists already. Choose another name, or delete it first.`)
      return false
    })
    return { topic, partitions, replicationFactor }
  })
}

/** Creates the topic unless it is there; answers whether it was made. */
export async function ensureTopic(lab: Lab, topic: string, options: TopicOptions = {}): Promise<boolean> {
  try {
    await createTopic(lab, topic, options)
    return true
  } catch (error) {
    if (error instanceof LabError && error.code === 'TOPIC_ALREADY_EXISTS') return false
    throw error
  }
}

/** The topics' names, sorted; Kafka's internal ones (`__…`) left out. */
export async function listTopics(lab: Lab): Promise<string[]> {
  const topics = await withAdmin(lab, 'topics', admin => admin.listTopics())
  return topics.filter(topic => !topic.startsWith('__')).sort()
}

/** Partitions with leader and offsets, and the configs that are set on the topic. Throws `LabError` UNKNOWN_TOPIC_OR_PARTITION. */
export async function describeTopic(lab: Lab, topic: string): Promise<TopicReport> {
  return withAdmin(lab, `topic ${topic}`, async admin => {
    const metadata = await topicMetadata(admin, topic)
    const offsets = new Map(
      (await admin.fetchTopicOffsets(topic)).map(({ partition, low, high }) => [
        partition,
        { start: Number(low), end: Number(high) },
      ]),
    )
    const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: [{ type: 2, name: topic }] })
    // of the topic itself, not of its broker: ConfigSource DYNAMIC_TOPIC_CONFIG
    const set = resources[0]?.configEntries.filter(entry => entry.configSource === 1) ?? []
    const partitions = metadata.partitions
      .map(({ partitionId, leader, replicas, isr }) => ({
        partition: partitionId,
        leader,
        replicas,
        isr,
        ...(offsets.get(partitionId) ?? { start: 0, end: 0 }),
      }))
      .sort((a, b) => a.partition - b.partition)
    return {
      topic,
      partitions,
      records: partitions.reduce((sum, { start, end }) => sum + end - start, 0),
      configs: Object.fromEntries(set.map(({ configName, configValue }) => [configName, configValue])),
    }
  })
}

/** Deletes a topic with its records and waits until it is gone. Throws `LabError` UNKNOWN_TOPIC_OR_PARTITION. */
export async function deleteTopic(lab: Lab, topic: string): Promise<{ deleted: string }> {
  return withAdmin(lab, `topic ${topic}`, async admin => {
    await topicMetadata(admin, topic)
    await admin.deleteTopics({ topics: [topic] })
    await waitFor(`end of topic ${topic}`, async () => !(await admin.listTopics()).includes(topic))
    return { deleted: topic }
  })
}
