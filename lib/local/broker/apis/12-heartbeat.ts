import { int16, int32, nullableString, since, string, struct } from '../wire/schema.ts'
import { api } from './api.ts'

/** Heartbeat (12), versions 0-3.
 *
 *     request  => groupId, generationId i32, memberId, groupInstanceId nullable (3+)
 *     response => throttleTimeMs i32 (1+), errorCode i16
 */
export const heartbeat = api({
  key: 12,
  name: 'Heartbeat',
  versions: [0, 3],
  request: struct({ groupId: string, generationId: int32, memberId: string, groupInstanceId: since(3, nullableString, null) }),
  response: struct({ throttleTimeMs: since(1, int32, 0), errorCode: int16 }),
  handle({ broker }, { groupId, generationId, memberId, groupInstanceId }) {
    return { throttleTimeMs: 0, errorCode: broker.groups.heartbeat(groupId, generationId, memberId, groupInstanceId) }
  },
})
