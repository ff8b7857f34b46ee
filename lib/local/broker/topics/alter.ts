import { KafkaError } from '../errors.ts'
import type { BrokerState } from '../state.ts'
import { checkTopicConfigs, topicConfig } from './configs.ts'
import { resourceTypes } from './describe.ts'

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
  checkNulls(configs)
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
  checkNulls(changes.filter(({ operation }) => operation !== operations.delete))
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
      throw new KafkaError('UNKNOWN_SERVER_ERROR', `Unknown operation type ${operation}`)
  }
}

function checkNulls(configs: { name: string; value: string | null }[]): void {
  const names = configs.filter(({ value }) => value === null).map(({ name }) => name)
  if (names.length > 0) throw new KafkaError('INVALID_REQUEST', `Null value not supported for : ${names.join(',')}`)
}

function checkResource(broker: BrokerState, type: number, name: string): void {
  const bad = (message: string): never => {
    throw new KafkaError('INVALID_REQUEST', message)
  }
  if (type === resourceTypes.broker) {
    if (name !== '' && name !== String(broker.nodeId))
      bad(`Unexpected broker id, expected ${broker.nodeId}, but received ${name}`)
    bad('This broker has no dynamic configs: give its properties at the start')
  }
  if (type !== resourceTypes.topic) bad(`Unknown resource type ${type}`)
  if (name === '') bad('Default topic resources are not allowed.')
  if (!broker.topics.get(name)) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `The topic '${name}' does not exist.`)
}

/** Throws when one request names this resource twice. */
export function checkOnce(resources: { resourceType: number; resourceName: string }[], type: number, name: string): void {
  if (resources.filter(({ resourceType, resourceName }) => resourceType === type && resourceName === name).length > 1) {
    throw new KafkaError('INVALID_REQUEST', 'Each resource must appear at most once.')
  }
}
