import { array, int16, int32, nullableString, since, string, struct, within } from '../wire/schema.ts'
import { api } from './api.ts'

/** LeaveGroup (13), versions 0-3.
 *
 *     request  => groupId, memberId (0-2), members [memberId, groupInstanceId nullable] (3+)
 *     response => throttleTimeMs i32 (1+), errorCode i16, members [memberId, groupInstanceId nullable, errorCode i16] (3+)
 *
 *  An administrator removes a static member by its instance id and an empty member id. */
export const leaveGroup = api({
  key: 13,
  name: 'LeaveGroup',
  versions: [0, 3],
  request: struct({
    groupId: string,
    memberId: within(0, 2, string, ''),
    members: since(3, array(struct({ memberId: string, groupInstanceId: nullableString })), []),
  }),
  response: struct({
    throttleTimeMs: since(1, int32, 0),
    errorCode: int16,
    members: since(3, array(struct({ memberId: string, groupInstanceId: nullableString, errorCode: int16 })), []),
  }),
  handle({ broker, version }, { groupId, memberId, members }) {
    const leaving = version >= 3 ? members : [{ memberId, groupInstanceId: null }]
    const result = broker.groups.leave(groupId, leaving)
    const only = version >= 3 ? 0 : (result.members[0]?.errorCode ?? 0)
    return { throttleTimeMs: 0, errorCode: result.errorCode || only, members: result.members }
  },
})
