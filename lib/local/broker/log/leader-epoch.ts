import { KafkaError } from '../errors.ts'

/** One node leads all partitions from the start, so there is one leader epoch. */
export const leaderEpoch = 0

/** -1: the client does not know it. Throws what Kafka answers to an epoch from the past or the future. */
export function checkLeaderEpoch(epoch: number): void {
  if (epoch === -1 || epoch === leaderEpoch) return
  if (epoch < leaderEpoch)
    throw new KafkaError('FENCED_LEADER_EPOCH', `the leader epoch is ${leaderEpoch}, the request has ${epoch}`)
  throw new KafkaError('UNKNOWN_LEADER_EPOCH', `the leader epoch is ${leaderEpoch}, the request has ${epoch}`)
}
