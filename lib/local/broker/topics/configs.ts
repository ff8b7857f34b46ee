import { KafkaError } from '../errors.ts'

export type ConfigType = 'boolean' | 'string' | 'int' | 'long' | 'double' | 'list'

/** One topic config: Kafka's name, type (as in DescribeConfigs), default, the broker property it falls back to, accepted values. */
export interface ConfigDef {
  name: string
  type: ConfigType
  default: string
  /** The broker property of the same meaning. */
  synonym?: string
  /** That property has no default of its own in Kafka: without one given it does not show up as a synonym. */
  unset?: boolean
  /** What this broker begins with where that is not Kafka's default, as if its server.properties said so. */
  lab?: string
  min?: number
  max?: number
  oneOf?: string[]
}

const long = '9223372036854775807'
const def = (name: string, type: ConfigType, value: string, rest: Partial<ConfigDef> = {}): ConfigDef => ({
  name,
  type,
  default: value,
  ...rest,
})

/** The topic configs of Kafka 3.9. */
export const topicConfigs: ConfigDef[] = [
  def('cleanup.policy', 'list', 'delete', { synonym: 'log.cleanup.policy' }),
  def('compression.gzip.level', 'int', '-1', { synonym: 'compression.gzip.level', min: -1, max: 9 }),
  def('compression.lz4.level', 'int', '9', { synonym: 'compression.lz4.level', min: 1, max: 17 }),
  def('compression.type', 'string', 'producer', {
    synonym: 'compression.type',
    oneOf: ['uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'],
  }),
  def('compression.zstd.level', 'int', '3', { synonym: 'compression.zstd.level', min: -131072, max: 22 }),
  def('delete.retention.ms', 'long', '86400000', { synonym: 'log.cleaner.delete.retention.ms', min: 0 }),
  def('file.delete.delay.ms', 'long', '60000', { synonym: 'log.segment.delete.delay.ms', min: 0 }),
  def('flush.messages', 'long', long, { synonym: 'log.flush.interval.messages', min: 1 }),
  def('flush.ms', 'long', long, { synonym: 'log.flush.interval.ms', unset: true, min: 0 }),
  def('follower.replication.throttled.replicas', 'list', ''),
  def('index.interval.bytes', 'int', '4096', { synonym: 'log.index.interval.bytes', min: 0 }),
  def('leader.replication.throttled.replicas', 'list', ''),
  def('local.retention.bytes', 'long', '-2', { synonym: 'log.local.retention.bytes', min: -2 }),
  def('local.retention.ms', 'long', '-2', { synonym: 'log.local.retention.ms', min: -2 }),
  def('max.compaction.lag.ms', 'long', long, { synonym: 'log.cleaner.max.compaction.lag.ms', min: 1 }),
  def('max.message.bytes', 'int', '1048588', { synonym: 'message.max.bytes', min: 0 }),
  def('message.downconversion.enable', 'boolean', 'true', { synonym: 'log.message.downconversion.enable', lab: 'false' }),
  def('message.format.version', 'string', '3.0-IV1', { synonym: 'log.message.format.version' }),
  def('message.timestamp.after.max.ms', 'long', long, { synonym: 'log.message.timestamp.after.max.ms', min: 0 }),
  def('message.timestamp.before.max.ms', 'long', long, { synonym: 'log.message.timestamp.before.max.ms', min: 0 }),
  def('message.timestamp.difference.max.ms', 'long', long, { synonym: 'log.message.timestamp.difference.max.ms', min: 0 }),
  def('message.timestamp.type', 'string', 'CreateTime', {
    synonym: 'log.message.timestamp.type',
    oneOf: ['CreateTime', 'LogAppendTime'],
  }),
  def('min.cleanable.dirty.ratio', 'double', '0.5', { synonym: 'log.cleaner.min.cleanable.ratio', min: 0, max: 1 }),
  def('min.compaction.lag.ms', 'long', '0', { synonym: 'log.cleaner.min.compaction.lag.ms', min: 0 }),
  def('min.insync.replicas', 'int', '1', { synonym: 'min.insync.replicas', min: 1 }),
  def('preallocate', 'boolean', 'false', { synonym: 'log.preallocate' }),
  def('remote.log.copy.disable', 'boolean', 'false'),
  def('remote.log.delete.on.disable', 'boolean', 'false'),
  def('remote.storage.enable', 'boolean', 'false'),
  def('retention.bytes', 'long', '-1', { synonym: 'log.retention.bytes' }),
  def('retention.ms', 'long', '604800000', { synonym: 'log.retention.ms', unset: true, min: -1 }),
  def('segment.bytes', 'int', '1073741824', { synonym: 'log.segment.bytes', min: 14 }),
  def('segment.index.bytes', 'int', '10485760', { synonym: 'log.index.size.max.bytes', min: 4 }),
  def('segment.jitter.ms', 'long', '0', { synonym: 'log.roll.jitter.ms', unset: true, min: 0 }),
  def('segment.ms', 'long', '604800000', { synonym: 'log.roll.ms', unset: true, min: 1 }),
  def('unclean.leader.election.enable', 'boolean', 'false', { synonym: 'unclean.leader.election.enable' }),
]

const byName = new Map(topicConfigs.map(config => [config.name, config]))
export const topicConfig = (name: string): ConfigDef | undefined => byName.get(name)

/** Checks a value against its definition. Throws INVALID_CONFIG with Kafka's sentences. */
export function checkValue(config: ConfigDef, given: string): void {
  const { name, type, min = -Infinity, max = Infinity, oneOf } = config
  const value = given.trim()
  const bad = (why: string, shown = value): never => {
    throw new KafkaError('INVALID_CONFIG', `Invalid value ${shown} for configuration ${name}: ${why}`)
  }
  if (type === 'boolean' && !/^(true|false)$/i.test(value)) bad('Expected value to be either true or false')
  if (type === 'int' || type === 'long' || type === 'double') {
    const pattern = type === 'double' ? /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i : /^[+-]?\d+$/
    const limit = type === 'int' ? 0x7fff_ffff : 2 ** 63
    if (!pattern.test(value) || Math.abs(Number(value)) > limit) bad(`Not a number of type ${type.toUpperCase()}`)
    const shown = type === 'double' && Number.isInteger(Number(value)) ? `${Number(value)}.0` : value
    if (Number(value) < min) bad(`Value must be at least ${min}`, shown)
    if (Number(value) > max) bad(`Value must be no more than ${max}`, shown)
  }
  if (oneOf && !oneOf.includes(value)) bad(`String must be one of: ${oneOf.join(', ')}`)
}

/** Checks the configs of a topic as a whole. Throws INVALID_CONFIG. */
export function checkTopicConfigs(configs: Record<string, string | null>): void {
  for (const [name, value] of Object.entries(configs)) {
    const config = topicConfig(name)
    if (!config) throw new KafkaError('INVALID_CONFIG', `Unknown topic config name: ${name}`)
    if (value === null) throw new KafkaError('INVALID_CONFIG', `Null value not supported for topic configs: ${name}`)
    checkValue(config, value)
    if (name === 'cleanup.policy') checkCleanupPolicy(value)
    if (name === 'remote.storage.enable' && /true/i.test(value)) {
      throw new KafkaError(
        'INVALID_CONFIG',
        'Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log storage.',
      )
    }
  }
}

function checkCleanupPolicy(value: string): void {
  if (value.trim() === '') return
  for (const policy of value.split(',')) {
    if (policy.trim() === 'compact') {
      throw new KafkaError(
        'INVALID_CONFIG',
        'cleanup.policy=compact is not supported by this broker: it has no log cleaner. Use delete.',
      )
    }
    if (policy.trim() !== 'delete') {
      const message = `Invalid value ${policy.trim()} for configuration cleanup.policy: String must be one of: compact, delete`
      throw new KafkaError('INVALID_CONFIG', message)
    }
  }
}
