import { KafkaError } from '../errors.ts'
import type { BrokerState } from '../state.ts'
import { checkTopicConfigs, topicConfig } from './configs.ts'
import { checkBroker, resourceTypes } from './describe.ts'

/** Operations of IncrementalAlterConfigs. */
export const operations = { set: 0, delete: 1, append: 2, subtract: 3 } as const

export interface ConfigChange {
  name: string
  operation: number
  value: string | null
}

/** Gives a topic exactly these configs (AlterConfigs). Throws what Kafka answers. */
export function replaceConfigs(
  broker: BrokerState,
  type: number,
  name: string,
  configs: { name: string; value: string | null }[],
  validateOnly: boolean,
): void {
  checkResource(broker, type, name)
  const topic = broker.topics.get(name)!
  const given: Record<string, string | null> = {}
  for (const config of configs) given[config.name] = config.value
  checkTopicConfigs(given)
  if (!validateOnly) broker.topics.setConfigs(topic, given as Record<string, string>)
}

/** Changes single configs (IncrementalAlterConfigs). Throws what Kafka answers. */
export function changeConfigs(
  broker: BrokerState,
  type: number,
  name: string,
  changes: ConfigChange[],
  validateOnly: boolean,
): void {
  const twice = changes.find(({ name: config }, i) => changes.findIndex(other => other.name === config) !== i)
  if (twice) throw new KafkaError('INVALID_REQUEST', `Error due to duplicate config keys : ${twice.name}`)
  const empty = changes.filter(({ operation, value }) => operation !== operations.delete && value === null)
  if (empty.length > 0)
    throw new KafkaError('INVALID_REQUEST', `Null value not supported for : ${empty.map(change => change.name).join(',')}`)
  checkResource(broker, type, name)
  const topic = broker.topics.get(name)!
  const configs = { ...topic.configs }
  for (const change of changes) apply(configs, change, broker.topics.configValue.bind(broker.topics, topic))
  checkTopicConfigs(configs)
  if (!validateOnly) broker.topics.setConfigs(topic, configs)
}

function apply(
  configs: Record<string, string>,
  { name, operation, value }: ConfigChange,
  current: (name: string) => string,
): void {
  switch (operation) {
    case operations.set:
      configs[name] = value!
      return
    case operations.delete:
      delete configs[name]
      return
    case operations.append:
    case operations.subtract: {
      if (topicConfig(name)?.type !== 'list') {
        const verb = operation === operations.append ? 'append' : 'subtract'
        throw new KafkaError('INVALID_CONFIG', `Config value ${verb} is not allowed for config key: ${name}`)
      }
      const now = current(name).split(',').filter(Boolean)
      const asked = value!.split(',')
      const next = operation === operations.append ? [...new Set([...now, ...asked])] : now.filter(item => !asked.includes(item))
      configs[name] = next.join(',')
      return
    }
    default:
      throw new KafkaError('INVALID_REQUEST', `Unknown operation type ${operation}`)
  }
}

function checkResource(broker: BrokerState, type: number, name: string): void {
  if (type === resourceTypes.broker) {
    checkBroker(broker, name)
    throw new KafkaError('INVALID_REQUEST', 'This broker has no dynamic configs: give its properties at the start')
  }
  if (type !== resourceTypes.topic) throw new KafkaError('INVALID_REQUEST', `Unsupported resource type: ${type}`)
  if (!broker.topics.get(name)) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `The topic '${name}' does not exist.`)
}
