import { array, bytes, int16, int32, nullableString, since, string, struct } from '../wire/schema.ts'
import { api } from './api.ts'

/** JoinGroup (11), versions 0-5.
 *
 *     request  => groupId, sessionTimeoutMs i32, rebalanceTimeoutMs i32 (1+), memberId, groupInstanceId nullable (5+), protocolType,
 *                 protocols [name, metadata bytes]
 *     response => throttleTimeMs i32 (2+), errorCode i16, generationId i32, protocolName, leader, memberId,
 *                 members [memberId, groupInstanceId nullable (5+), metadata bytes]
 *
 *  Held until all members of the group have joined. From version 4 on a new member gets MEMBER_ID_REQUIRED and its id first. */
export const joinGroup = api({
  key: 11,
  name: 'JoinGroup',
  versions: [0, 5],
  request: struct({
    groupId: string,
    sessionTimeoutMs: int32,
    rebalanceTimeoutMs: since(1, int32, -1),
    memberId: string,
    groupInstanceId: since(5, nullableString, null),
    protocolType: string,
    protocols: array(struct({ name: string, metadata: bytes })),
  }),
  response: struct({
    throttleTimeMs: since(2, int32, 0),
    errorCode: int16,
    generationId: int32,
    protocolName: string,
    leader: string,
    memberId: string,
    members: array(struct({ memberId: string, groupInstanceId: since(5, nullableString, null), metadata: bytes })),
  }),
  async handle({ broker, version, clientId, peer }, request) {
    const result = await broker.groups.join({
      ...request,
      rebalanceTimeoutMs: version === 0 ? request.sessionTimeoutMs : request.rebalanceTimeoutMs,
      // the metadata outlive the frame they came in
      protocols: request.protocols.map(({ name, metadata }) => ({ name, metadata: Buffer.from(metadata) })),
      clientId,
      clientHost: `/${peer.slice(0, peer.lastIndexOf(':'))}`,
      requireKnownMemberId: version >= 4,
    })
    return { throttleTimeMs: 0, ...result }
  },
})
