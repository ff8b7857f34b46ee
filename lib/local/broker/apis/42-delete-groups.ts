import { array, int16, int32, string, struct } from '../wire/schema.ts'
import { api } from './api.ts'

/** DeleteGroups (42), versions 0-1.
 *
 *     request  => groups [groupId]
 *     response => throttleTimeMs i32, results [groupId, errorCode i16]
 *
 *  Only groups without members; their committed offsets go with them. */
export const deleteGroups = api({
  key: 42,
  name: 'DeleteGroups',
  versions: [0, 1],
  request: struct({ groups: array(string) }),
  response: struct({ throttleTimeMs: int32, results: array(struct({ groupId: string, errorCode: int16 })) }),
  handle({ broker }, { groups }) {
    return {
      throttleTimeMs: 0,
      results: [...new Set(groups)].map(groupId => ({ groupId, errorCode: broker.groups.delete(groupId) })),
    }
  },
})
