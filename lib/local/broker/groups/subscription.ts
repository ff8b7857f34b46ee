import { array, int16, string, struct } from '../wire/schema.ts'
import { Reader } from '../wire/reader.ts'
import type { Group } from './group.ts'

/** The head of what a consumer sends as its protocol's metadata (kafka: ConsumerProtocolSubscription.json). */
const subscription = struct({ version: int16, topics: array(string) })

/** Whether a member reads the topic, as far as the group's protocol tells: of one that is no consumer's, or cannot be read, all are taken for read. */
export function isSubscribed(group: Group, topic: string): boolean {
  if (group.state === 'Empty') return false
  if (group.protocolType !== 'consumer' || group.protocolName === null) return true
  try {
    return [...group.members.values()].some(member =>
      subscription.read(new Reader(group.metadataOf(member)), 0).topics.includes(topic),
    )
  } catch {
    return true
  }
}
