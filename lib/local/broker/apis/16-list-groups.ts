import { errors } from '../errors.ts'
import { array, int16, int32, since, string, struct } from '../wire/schema.ts'
import { api } from './api.ts'

/** ListGroups (16), versions 0-2.
 *
 *     request  => (empty)
 *     response => throttleTimeMs i32 (1+), errorCode i16, groups [groupId, protocolType]
 *
 *  Left out: filters by state and type, which begin with version 4. */
export const listGroups = api({
  key: 16,
  name: 'ListGroups',
  versions: [0, 2],
  request: struct({}),
  response: struct({
    throttleTimeMs: since(1, int32, 0),
    errorCode: int16,
    groups: array(struct({ groupId: string, protocolType: string })),
  }),
  handle({ broker }) {
    const groups = broker.groups.store.list().map(({ id, protocolType }) => ({ groupId: id, protocolType: protocolType ?? '' }))
    return { throttleTimeMs: 0, errorCode: errors.NONE, groups }
  },
})
