import { errors, invalidRequestMessage } from '../errors.ts'
import { int16, int32, int8, nullableString, since, string, struct } from '../wire/schema.ts'
import { api } from './api.ts'

/** FindCoordinator (10), versions 0-2.
 *
 *     request  => key, keyType i8 (1+; 0 a group, 1 a transactional id)
 *     response => throttleTimeMs i32 (1+), errorCode i16, errorMessage nullable (1+), nodeId i32, host, port i32
 *
 *  Always this node. Left out: COORDINATOR_NOT_AVAILABLE for the first one who asks, while Kafka makes the internal topic. */
export const findCoordinator = api({
  key: 10,
  name: 'FindCoordinator',
  versions: [0, 2],
  request: struct({ key: string, keyType: since(1, int8, 0) }),
  response: struct({
    throttleTimeMs: since(1, int32, 0),
    errorCode: int16,
    errorMessage: since(1, nullableString, null),
    nodeId: int32,
    host: string,
    port: int32,
  }),
  handle({ broker }, { keyType }) {
    if (keyType !== 0 && keyType !== 1) {
      return { ...none, errorCode: errors.INVALID_REQUEST, errorMessage: invalidRequestMessage }
    }
    if (keyType === 0) broker.groups.store.ensureTopic()
    else broker.transactions.ensureTopic()
    const { nodeId, host, port } = broker
    return { throttleTimeMs: 0, errorCode: errors.NONE, errorMessage: 'NONE', nodeId, host, port }
  },
})

const none = { throttleTimeMs: 0, nodeId: -1, host: '', port: -1 }
