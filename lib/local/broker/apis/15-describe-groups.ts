import { errors } from '../errors.ts'
import type { Group } from '../groups/group.ts'
import { array, boolean, bytes, int16, int32, nullableString, since, string, struct } from '../wire/schema.ts'
import { api } from './api.ts'

/** Authorized operations: what a client that did not ask is told, and the bits of all operations, for there are no ACLs. */
const notAsked = -0x8000_0000
const allOfGroup = 328
const nothing = Buffer.alloc(0)

/** DescribeGroups (15), versions 0-4.
 *
 *     request  => groups [groupId], includeAuthorizedOperations bool (3+)
 *     response => throttleTimeMs i32 (1+), groups [errorCode i16, groupId, groupState, protocolType, protocolData, members [memberId,
 *                 groupInstanceId nullable (4+), clientId, clientHost, memberMetadata bytes, memberAssignment bytes], authorizedOperations i32 (3+)]
 *
 *  A group that does not exist is `Dead`, without an error. */
export const describeGroups = api({
  key: 15,
  name: 'DescribeGroups',
  versions: [0, 4],
  request: struct({ groups: array(string), includeAuthorizedOperations: since(3, boolean, false) }),
  response: struct({
    throttleTimeMs: since(1, int32, 0),
    groups: array(
      struct({
        errorCode: int16,
        groupId: string,
        groupState: string,
        protocolType: string,
        protocolData: string,
        members: array(
          struct({
            memberId: string,
            groupInstanceId: since(4, nullableString, null),
            clientId: string,
            clientHost: string,
            memberMetadata: bytes,
            memberAssignment: bytes,
          }),
        ),
        authorizedOperations: since(3, int32, notAsked),
      }),
    ),
  }),
  handle({ broker }, { groups, includeAuthorizedOperations }) {
    const authorizedOperations = includeAuthorizedOperations ? allOfGroup : notAsked
    return {
      throttleTimeMs: 0,
      groups: groups.map(id => ({ ...describe(id, broker.groups.store.get(id)), authorizedOperations })),
    }
  },
})

function describe(groupId: string, group: Group | undefined) {
  const base = { errorCode: errors.NONE, groupId, protocolData: '', members: [] }
  if (!group) return { ...base, groupState: 'Dead', protocolType: '' }
  const stable = group.state === 'Stable'
  const members = [...group.members.values()].map(member => ({
    memberId: member.memberId,
    groupInstanceId: member.groupInstanceId,
    clientId: member.clientId,
    clientHost: member.clientHost,
    memberMetadata: stable ? group.metadataOf(member) : nothing,
    memberAssignment: stable ? member.assignment : nothing,
  }))
  const protocolData = stable ? (group.protocolName ?? '') : ''
  return { ...base, groupState: group.state, protocolType: group.protocolType ?? '', protocolData, members }
}
