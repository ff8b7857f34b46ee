import type { Admin } from 'kafkajs'
import { LabError } from '../errors.ts'
import { topicMetadata, withAdmin } from '../kafka.ts'
import type { Lab } from '../lab.ts'
import { waitFor } from '../wait.ts'

/** Gives a topic more partitions and waits until all have a leader. Throws `LabError` INVALID_PARTITIONS: Kafka takes none away. */
export async function addPartitions(lab: Lab, topic: string, count: number): Promise<void> {
  await withAdmin(lab, `topic ${topic}`, async admin => {
    const { length: before } = (await topicMetadata(admin, topic)).partitions
    if (count <= before) {
      throw new LabError(
        'INVALID_PARTITIONS',
        `topic ${topic}: has ${before} partitions already, got ${count}. Kafka only adds partitions; for fewer make a new topic.`,
      )
    }
    await admin.createPartitions({ topicPartitions: [{ topic, count }] })
    await waitFor(`new partitions of topic ${topic}`, async () => {
      const { partitions } = await topicMetadata(admin, topic)
      return partitions.length === count && partitions.every(({ leader }) => leader >= 0)
    })
  })
}

/** Kafka's number for "set on the topic itself"; AlterConfigs must not pin what a broker only defaults to. */
const setOnTopic = 1

interface ConfigEntry {
  configName: string
  configValue: string
  configSource: number
}

async function describe(admin: Admin, topic: string): Promise<ConfigEntry[]> {
  await topicMetadata(admin, topic)
  const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: [{ type: 2, name: topic }] })
  return resources[0]?.configEntries ?? []
}

/** Every config of a topic, defaults too, sorted. */
export async function listConfigs(lab: Lab, topic: string): Promise<Record<string, string>> {
  const entries = await withAdmin(lab, `topic ${topic}`, admin => describe(admin, topic))
  const sorted = entries.sort((a, b) => (a.configName < b.configName ? -1 : 1))
  return Object.fromEntries(sorted.map(({ configName, configValue }) => [configName, configValue]))
}

/** Sets and unsets configs of a topic; those not named stay, although AlterConfigs replaces them all. Throws `LabError` INVALID_CONFIG. */
export async function changeConfigs(lab: Lab, topic: string, set: Record<string, string>, unset: string[]): Promise<void> {
  await withAdmin(lab, `topic ${topic}`, async admin => {
    const entries = await describe(admin, topic)
    const names = new Set(entries.map(({ configName }) => configName))
    for (const name of [...Object.keys(set), ...unset])
      if (!names.has(name))
        throw new LabError(
          'INVALID_CONFIG',
          `topic ${topic}: there is no topic config ${name}. See: topics describe ${topic} --all`,
        )
    const own = entries.filter(({ configSource, configName }) => configSource === setOnTopic && !unset.includes(configName))
    const wanted = { ...Object.fromEntries(own.map(({ configName, configValue }) => [configName, configValue])), ...set }
    const configEntries = Object.entries(wanted).map(([name, value]) => ({ name, value }))
    await admin.alterConfigs({ validateOnly: false, resources: [{ type: 2, name: topic, configEntries }] })
  })
}
