import { checkValue, topicConfigs, type ConfigDef } from './topics/configs.ts'

const def = (name: string, type: ConfigDef['type'], value: string, rest: Partial<ConfigDef> = {}): ConfigDef => ({
  name,
  type,
  default: value,
  ...rest,
})

/** Broker properties that act, under Kafka's names, beside those that are the defaults of topic configs. Where a default is not Kafka's, it is that of
 *  a lab with one node (`lab`). */
const brokerOnly: ConfigDef[] = [
  def('auto.create.topics.enable', 'boolean', 'true', { lab: 'false' }),
  def('broker.id', 'int', '0', { min: 0 }),
  def('connections.max.idle.ms', 'long', '600000'),
  def('default.replication.factor', 'int', '1', { min: 1, max: 1 }),
  def('delete.topic.enable', 'boolean', 'true'),
  def('fetch.max.bytes', 'int', '57671680', { min: 1024 }),
  def('group.initial.rebalance.delay.ms', 'int', '3000', { min: 0, lab: '0' }),
  def('group.max.session.timeout.ms', 'int', '1800000', { min: 0 }),
  def('group.max.size', 'int', '2147483647', { min: 1 }),
  def('group.min.session.timeout.ms', 'int', '6000', { min: 0 }),
  def('log.flush.offset.checkpoint.interval.ms', 'int', '60000', { min: 0 }),
  def('log.retention.check.interval.ms', 'long', '300000', { min: 1 }),
  def('log.retention.hours', 'int', '168'),
  def('log.retention.minutes', 'int', '', { unset: true }),
  def('log.roll.hours', 'int', '168', { min: 1 }),
  def('max.incremental.fetch.session.cache.slots', 'int', '1000', { min: 0, max: 0, lab: '0' }),
  def('num.partitions', 'int', '1', { min: 1, lab: '3' }),
  def('offset.metadata.max.bytes', 'int', '4096'),
  def('offsets.retention.check.interval.ms', 'long', '600000', { min: 1 }),
  def('offsets.retention.minutes', 'int', '10080', { min: 1 }),
  def('offsets.topic.num.partitions', 'int', '50', { min: 1, max: 1, lab: '1' }),
  def('producer.id.expiration.ms', 'int', '86400000', { min: 1 }),
  def('queued.max.request.bytes', 'long', '-1', { lab: '536870912' }),
  def('socket.request.max.bytes', 'int', '104857600', { min: 1 }),
  def('transaction.abort.timed.out.transaction.cleanup.interval.ms', 'int', '10000', { min: 1 }),
  def('transaction.max.timeout.ms', 'int', '900000', { min: 1 }),
  def('transaction.state.log.num.partitions', 'int', '50', { min: 1, max: 1, lab: '1' }),
  def('transactional.id.expiration.ms', 'int', '604800000', { min: 1 }),
]

const fromTopics = topicConfigs.filter(config => config.synonym).map(config => ({ ...config, name: config.synonym! }))

/** Every property that `startBroker` takes. */
export const brokerProperties: ConfigDef[] = [...fromTopics, ...brokerOnly].sort((a, b) => (a.name < b.name ? -1 : 1))

/** The settings of one broker: what was given over the defaults. */
export class Properties {
  readonly given: Map<string, string>
  readonly #defs = new Map(brokerProperties.map(property => [property.name, property]))

  /** Throws on a property that is unknown or has a value Kafka would not take. */
  constructor(given: Record<string, string>) {
    this.given = new Map()
    for (const { name, lab } of brokerProperties) if (lab !== undefined) this.given.set(name, lab)
    for (const [name, value] of Object.entries(given)) {
      const property = this.#defs.get(name)
      if (!property) throw new Error(unknownProperty(name))
      checkValue(property, String(value))
      if (name === 'log.cleanup.policy' && value !== 'delete')
        throw new Error(`broker property ${name}: ${value} is not supported, only delete is`)
      this.given.set(name, String(value))
    }
    this.#deriveTimes()
  }

  /** `log.retention.ms` comes before minutes, minutes before hours; so it is with `log.roll.ms`. */
  #deriveTimes(): void {
    const minutes = this.given.get('log.retention.minutes')
    const hours = this.given.get('log.retention.hours')
    const ms = (value: string, unit: number): string => String(Number(value) < 0 ? -1 : Number(value) * unit)
    if (!this.given.has('log.retention.ms')) {
      if (minutes !== undefined) this.given.set('log.retention.ms', ms(minutes, 60_000))
      else if (hours !== undefined) this.given.set('log.retention.ms', ms(hours, 3_600_000))
    }
    const rollHours = this.given.get('log.roll.hours')
    if (rollHours !== undefined && !this.given.has('log.roll.ms')) this.given.set('log.roll.ms', ms(rollHours, 3_600_000))
  }

  string(name: string): string {
    return this.given.get(name) ?? this.#defs.get(name)!.default
  }

  number(name: string): number {
    return Number(this.string(name))
  }

  boolean(name: string): boolean {
    return this.string(name).toLowerCase() === 'true'
  }
}

function unknownProperty(name: string): string {
  const words = name.split('.')
  const close = brokerProperties
    .map(p => p.name)
    .filter(known => words.filter(word => known.split('.').includes(word)).length > words.length / 2)
  return `broker property ${name}: unknown${close.length > 0 ? `; similar ones are ${close.slice(0, 5).join(', ')}` : '; names are those of Kafka'}`
}
