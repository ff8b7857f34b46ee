import { KafkaError } from '../errors.ts'

const maxLength = 249

/** Throws INVALID_TOPIC_EXCEPTION for a name that Kafka does not take, with its sentences. */
export function checkTopicName(name: string): void {
  const bad = (why: string): never => {
    throw new KafkaError('INVALID_TOPIC_EXCEPTION', `Topic name is invalid: ${why}`)
  }
  if (name === '') bad('the empty string is not allowed')
  if (name === '.' || name === '..') bad(`'${name}' is not allowed`)
  if (name.length > maxLength) bad(`the length of '${name}' is longer than the max allowed length ${maxLength}`)
  if (!/^[a-zA-Z0-9._-]+$/.test(name)) {
    bad(`'${name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'`)
  }
}

export function isTopicName(name: string): boolean {
  return name.length <= maxLength && /^[a-zA-Z0-9._-]+$/.test(name) && name !== '.' && name !== '..'
}

/** Kafka keeps metrics under names in which '.' and '_' are the same, so topics must not differ by that alone. */
export function collidingTopic(name: string, existing: Iterable<string>): string | undefined {
  const folded = name.replaceAll('.', '_')
  for (const other of existing) if (other !== name && other.replaceAll('.', '_') === folded) return other
  return undefined
}
