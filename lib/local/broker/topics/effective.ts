import type { LogConfig } from '../log/config.ts'
import type { Properties } from '../properties.ts'
import { topicConfig } from './configs.ts'
import { isInternal, type Topic } from './topic.ts'

/** The value of a config that acts for a topic: its own, the broker's, or the default. */
export function effectiveValue(topic: Pick<Topic, 'configs'>, name: string, properties: Properties): string {
  const own = topic.configs[name]
  if (own !== undefined) return own
  const config = topicConfig(name)!
  return config.synonym ? properties.string(config.synonym) : config.default
}

/** The configs of a topic that its logs act on. */
export function logConfig(topic: Topic, properties: Properties): LogConfig {
  const value = (name: string): number => Number(effectiveValue(topic, name, properties))
  const internal = isInternal(topic.name)
  return {
    segmentBytes: value('segment.bytes'),
    segmentMs: value('segment.ms'),
    segmentIndexBytes: value('segment.index.bytes'),
    indexIntervalBytes: value('index.interval.bytes'),
    // internal topics are kept short by their owners, as Kafka's are by compaction
    retentionMs: internal ? -1 : value('retention.ms'),
    retentionBytes: internal ? -1 : value('retention.bytes'),
    maxMessageBytes: value('max.message.bytes'),
    logAppendTime: !internal && effectiveValue(topic, 'message.timestamp.type', properties) === 'LogAppendTime',
    timestampBeforeMaxMs: value('message.timestamp.before.max.ms'),
    timestampAfterMaxMs: value('message.timestamp.after.max.ms'),
    flushMessages: value('flush.messages'),
    flushMs: value('flush.ms'),
  }
}
