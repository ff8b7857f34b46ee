import { loadKafkajs } from '../kafkajs.ts'
import { withAdmin } from '../kafka.ts'
import type { Lab } from '../lab.ts'

export interface MemberReport {
  clientId: string
  host: string
  memberId: string
  /** `topic/partition` of what it reads. */
  partitions: string[]
}

/** The members of a group with what each reads; none for a group that is not there. */
export async function describeMembers(lab: Lab, group: string): Promise<MemberReport[]> {
  const { AssignerProtocol } = loadKafkajs()
  return withAdmin(lab, `group ${group}`, async admin => {
    const [{ members }] = (await admin.describeGroups([group])).groups
    return members.map(({ clientId, clientHost, memberId, memberAssignment }) => {
      const assignment = memberAssignment.length > 0 ? AssignerProtocol.MemberAssignment.decode(memberAssignment) : null
      const partitions = Object.entries(assignment?.assignment ?? {}).flatMap(([topic, list]) =>
        list.map(partition => `${topic}/${partition}`),
      )
      return { clientId, host: clientHost.replace(/^\//, ''), memberId, partitions: partitions.sort() }
    })
  })
}

export interface GroupState {
  group: string
  /** Kafka's words: `Stable`, `Empty`, …; empty when not asked for. */
  state: string
  members: number
  protocol: string
}

/** All groups, sorted by name. */
export async function listGroupStates(lab: Lab, { withStates }: { withStates: boolean }): Promise<GroupState[]> {
  return withAdmin(lab, 'groups', async admin => {
    const names = (await admin.listGroups()).groups.map(({ groupId }) => groupId).sort()
    if (!withStates || names.length === 0) return names.map(group => ({ group, state: '', members: 0, protocol: '' }))
    const { groups } = await admin.describeGroups(names)
    return groups
      .map(({ groupId, state, members, protocol }) => ({ group: groupId, state, members: members.length, protocol }))
      .sort((a, b) => (a.group < b.group ? -1 : 1))
  })
}
