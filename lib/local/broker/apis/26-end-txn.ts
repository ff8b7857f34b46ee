import { codeOf, errors } from '../errors.ts'
import { boolean, int16, int32, int64, string, struct } from '../wire/schema.ts'
import { api } from './api.ts'

/** EndTxn (26), versions 0-2.
 *
 *     request  => transactionalId, producerId i64, producerEpoch i16, committed bool
 *     response => throttleTimeMs i32, errorCode i16
 *
 *  All markers are written when the answer is there. */
export const endTxn = api({
  key: 26,
  name: 'EndTxn',
  versions: [0, 2],
  request: struct({ transactionalId: string, producerId: int64, producerEpoch: int16, committed: boolean }),
  response: struct({ throttleTimeMs: int32, errorCode: int16 }),
  handle({ broker, version }, { transactionalId, producerId, producerEpoch, committed }) {
    try {
      broker.transactions.end(transactionalId, producerId, producerEpoch, committed)
      return { throttleTimeMs: 0, errorCode: errors.NONE }
    } catch (error) {
      return { throttleTimeMs: 0, errorCode: fencedCode(codeOf(error), version) }
    }
  },
})

/** Before version 2 of the transaction APIs clients know a fenced producer as INVALID_PRODUCER_EPOCH. */
export const fencedCode = (code: number, version: number): number =>
  code === errors.PRODUCER_FENCED && version < 2 ? errors.INVALID_PRODUCER_EPOCH : code
