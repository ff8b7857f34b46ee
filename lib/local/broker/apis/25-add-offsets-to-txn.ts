import { codeOf, errors } from '../errors.ts'
import { int16, int32, int64, string, struct } from '../wire/schema.ts'
import { api } from './api.ts'
import { fencedCode } from './26-end-txn.ts'

/** AddOffsetsToTxn (25), versions 0-2.
 *
 *     request  => transactionalId, producerId i64, producerEpoch i16, groupId
 *     response => throttleTimeMs i32, errorCode i16
 */
export const addOffsetsToTxn = api({
  key: 25,
  name: 'AddOffsetsToTxn',
  versions: [0, 2],
  request: struct({ transactionalId: string, producerId: int64, producerEpoch: int16, groupId: string }),
  response: struct({ throttleTimeMs: int32, errorCode: int16 }),
  handle({ broker, version }, { transactionalId, producerId, producerEpoch }) {
    try {
      broker.transactions.addOffsets(transactionalId, producerId, producerEpoch)
      return { throttleTimeMs: 0, errorCode: errors.NONE }
    } catch (error) {
      return { throttleTimeMs: 0, errorCode: fencedCode(codeOf(error), version) }
    }
  },
})
