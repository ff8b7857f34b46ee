import { codeOf, errors } from '../errors.ts'
import { isInternal } from '../topics/topic.ts'
import { array, int16, int32, int64, string, struct } from '../wire/schema.ts'
import { api } from './api.ts'
import { fencedCode } from './26-end-txn.ts'

/** AddPartitionsToTxn (24), versions 0-2.
 *
 *     request  => transactionalId, producerId i64, producerEpoch i16, topics [name, partitions [i32]]
 *     response => throttleTimeMs i32, results [name, partitions [index i32, errorCode i16]]
 *
 *  One unknown partition and none is added: it gets UNKNOWN_TOPIC_OR_PARTITION, the others OPERATION_NOT_ATTEMPTED. */
export const addPartitionsToTxn = api({
  key: 24,
  name: 'AddPartitionsToTxn',
  versions: [0, 2],
  request: struct({
    transactionalId: string,
    producerId: int64,
    producerEpoch: int16,
    topics: array(struct({ name: string, partitions: array(int32) })),
  }),
  response: struct({
    throttleTimeMs: int32,
    results: array(struct({ name: string, partitions: array(struct({ index: int32, errorCode: int16 })) })),
  }),
  handle({ broker, version }, { transactionalId, producerId, producerEpoch, topics }) {
    const wanted = topics.flatMap(({ name, partitions }) => partitions.map((index): [string, number] => [name, index]))
    const problem = (topic: string, index: number): number => {
      if (isInternal(topic)) return errors.TOPIC_AUTHORIZATION_FAILED
      return broker.topics.partition(topic, index) ? errors.NONE : errors.UNKNOWN_TOPIC_OR_PARTITION
    }
    const refused = wanted.some(([topic, index]) => problem(topic, index) !== errors.NONE)
    let common: number = errors.NONE
    try {
      if (!refused) broker.transactions.addPartitions(transactionalId, producerId, producerEpoch, wanted)
    } catch (error) {
      common = fencedCode(codeOf(error), version)
    }
    const codeFor = (topic: string, index: number): number => {
      return refused ? problem(topic, index) || errors.OPERATION_NOT_ATTEMPTED : common
    }
    const results = topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(index => ({ index, errorCode: codeFor(name, index) })),
    }))
    return { throttleTimeMs: 0, results }
  },
})
