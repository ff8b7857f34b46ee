import { array, bytes, int16, int32, nullableString, since, string, struct } from '../wire/schema.ts'
import { api } from './api.ts'

/** SyncGroup (14), versions 0-3.
 *
 *     request  => groupId, generationId i32, memberId, groupInstanceId nullable (3+), assignments [memberId, assignment bytes]
 *     response => throttleTimeMs i32 (1+), errorCode i16, assignment bytes
 *
 *  Held until the leader's has come, which brings the assignments of all. */
export const syncGroup = api({
  key: 14,
  name: 'SyncGroup',
  versions: [0, 3],
  request: struct({
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: since(3, nullableString, null),
    assignments: array(struct({ memberId: string, assignment: bytes })),
  }),
  response: struct({ throttleTimeMs: since(1, int32, 0), errorCode: int16, assignment: bytes }),
  async handle({ broker }, { groupId, generationId, memberId, groupInstanceId, assignments }) {
    const byMember = new Map(assignments.map(({ memberId: id, assignment }) => [id, assignment]))
    const result = await broker.groups.sync(groupId, generationId, memberId, groupInstanceId, byMember)
    return { throttleTimeMs: 0, ...result }
  },
})
