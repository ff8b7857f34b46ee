import { int16, int32, int64, nullableString, struct } from '../wire/schema.ts'
import { codeOf, errors } from '../errors.ts'
import { api } from './api.ts'

/** InitProducerId (22), versions 0-1.
 *
 *     request  => transactionalId nullable, transactionTimeoutMs i32
 *     response => throttleTimeMs i32, errorCode i16, producerId i64, producerEpoch i16
 *
 *  Without a transactional id: a new producer id. With one: the same producer id, an epoch that fences everyone before, the open transaction aborted. */
export const initProducerId = api({
  key: 22,
  name: 'InitProducerId',
  versions: [0, 1],
  request: struct({ transactionalId: nullableString, transactionTimeoutMs: int32 }),
  response: struct({ throttleTimeMs: int32, errorCode: int16, producerId: int64, producerEpoch: int16 }),
  handle({ broker }, { transactionalId, transactionTimeoutMs }) {
    if (transactionalId === null) {
      return { throttleTimeMs: 0, errorCode: errors.NONE, producerId: broker.producerIds.next(), producerEpoch: 0 }
    }
    try {
      const { producerId, producerEpoch } = broker.transactions.init(transactionalId, transactionTimeoutMs)
      return { throttleTimeMs: 0, errorCode: errors.NONE, producerId, producerEpoch }
    } catch (error) {
      return { throttleTimeMs: 0, errorCode: codeOf(error), producerId: -1, producerEpoch: -1 }
    }
  },
})
