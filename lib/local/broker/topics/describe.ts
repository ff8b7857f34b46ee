import { invalidRequestMessage, KafkaError } from '../errors.ts'
import { brokerProperties } from '../properties.ts'
import type { BrokerState } from '../state.ts'
import { topicConfigs, type ConfigDef, type ConfigType } from './configs.ts'
import { effectiveValue } from './effective.ts'
import { checkTopicName } from './names.ts'
import { isInternal, type Topic } from './topic.ts'

/** Kafka's resource types. */
export const resourceTypes = { topic: 2, broker: 4, brokerLogger: 8 } as const

/** Where a value comes from. */
export const sources = { topic: 1, staticBroker: 4, default: 5 } as const

/** Kafka's numbers of config types. */
const typeNumbers: Record<ConfigType, number> = { boolean: 1, string: 2, int: 3, long: 5, double: 6, list: 7 }

export interface DescribedConfig {
  name: string
  value: string | null
  readOnly: boolean
  source: number
  type: number
  synonyms: { name: string; value: string; source: number }[]
}

/** The configs of a topic or of the broker, with where each value comes from. Throws what Kafka answers to a wrong resource. */
export function describeResource(broker: BrokerState, type: number, name: string): DescribedConfig[] {
  if (type === resourceTypes.topic) {
    checkTopicName(name)
    const topic = broker.topics.get(name)
    if (!topic) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', '')
    return topicConfigs.map(config => describeTopicConfig(broker, topic, config))
  }
  if (type === resourceTypes.broker) {
    checkBroker(broker, name)
    return brokerProperties.map(property => describeProperty(broker, property))
  }
  if (type === resourceTypes.brokerLogger) return []
  throw new KafkaError('INVALID_REQUEST', invalidRequestMessage)
}

/** Throws unless `name` is this broker's id, or empty (the cluster's defaults). */
function checkBroker(broker: BrokerState, name: string): void {
  if (name === '' || name === String(broker.nodeId)) return
  const expected = /^\d+$/.test(name)
    ? `Unexpected broker id, expected ${broker.nodeId} or empty string, but received ${name}`
    : `Broker id must be an integer, but it is: ${name}`
  throw new KafkaError('INVALID_REQUEST', expected)
}

function describeTopicConfig({ properties }: BrokerState, topic: Topic, config: ConfigDef): DescribedConfig {
  const own = topic.configs[config.name]
  const given = config.synonym ? properties.given.get(config.synonym) : undefined
  const synonyms = []
  if (own !== undefined) synonyms.push({ name: config.name, value: own, source: sources.topic })
  if (given !== undefined) synonyms.push({ name: config.synonym!, value: given, source: sources.staticBroker })
  if (config.synonym && !config.unset) synonyms.push({ name: config.synonym, value: config.default, source: sources.default })
  const source = own !== undefined ? sources.topic : given !== undefined ? sources.staticBroker : sources.default
  const value =
    isInternal(topic.name) && config.name === 'cleanup.policy' ? 'compact' : effectiveValue(topic, config.name, properties)
  return { name: config.name, value, readOnly: false, source, type: typeNumbers[config.type], synonyms }
}

function describeProperty({ properties }: BrokerState, property: ConfigDef): DescribedConfig {
  const given = properties.given.get(property.name)
  const synonyms: DescribedConfig['synonyms'] = []
  if (!property.unset) synonyms.push({ name: property.name, value: property.default, source: sources.default })
  if (given !== undefined) synonyms.unshift({ name: property.name, value: given, source: sources.staticBroker })
  return {
    name: property.name,
    value: given ?? (property.unset ? null : property.default),
    readOnly: true,
    source: given !== undefined ? sources.staticBroker : sources.default,
    type: typeNumbers[property.type],
    synonyms,
  }
}
