import { readdirSync } from 'node:fs'
import { join as joinPath } from 'node:path'
import { describe, expect, it } from 'vitest'
import { offsetCommit } from '../../../lib/local/broker/apis/08-offset-commit.ts'
import { offsetFetch } from '../../../lib/local/broker/apis/09-offset-fetch.ts'
import { listGroups } from '../../../lib/local/broker/apis/16-list-groups.ts'
import { expireOffsets } from '../../../lib/local/broker/groups/expiry.ts'
import { GroupStore } from '../../../lib/local/broker/groups/store.ts'
import { Maintenance } from '../../../lib/local/broker/maintenance.ts'
import { Properties } from '../../../lib/local/broker/properties.ts'
import { Topics } from '../../../lib/local/broker/topics/store.ts'
import { join, newTopic, stableGroup, until } from '../../contract/kafka/steps.ts'
import { labBroker, temporaryFolder } from './lab-broker.ts'

const day = 86_400_000

function store(given: Record<string, string> = {}) {
  const properties = new Properties(given)
  const dir = temporaryFolder()
  const open = (): GroupStore => {
    const topics = new Topics(dir, properties, () => {})
    return new GroupStore(topics, new Maintenance(topics, properties, () => {}), () => {})
  }
  return { groups: open(), properties, dir, reopen: open }
}

const offset = (value: number, commitTimestamp: number) => ({ offset: value, leaderEpoch: -1, metadata: '', commitTimestamp })
const committed = (partition: number, value: ReturnType<typeof offset>) => new Map([['quotes', new Map([[partition, value]])]])

describe('committed offsets', () => {
  it('of a group without members expire offsets.retention.minutes after their commit, the group with the last one', () => {
    const { groups, properties, reopen } = store()
    const now = Date.now()
    const group = groups.getOrCreate('sink')
    groups.commit(group, committed(0, offset(5, now - 8 * day)))
    groups.commit(group, committed(1, offset(6, now - 6 * day)))
    expireOffsets(groups, properties, now)
    expect([...group.offsets.get('quotes')!.keys()]).toEqual([1])
    expireOffsets(groups, properties, now + 2 * day)
    expect(groups.get('sink')).toBeUndefined()
    expect(reopen().get('sink')).toBeUndefined()
  })

  it('offsets.retention.minutes acts', () => {
    const { groups, properties } = store({ 'offsets.retention.minutes': '1' })
    groups.commit(groups.getOrCreate('sink'), committed(0, offset(5, Date.now() - 61_000)))
    expireOffsets(groups, properties, Date.now())
    expect(groups.list()).toEqual([])
  })

  it('of a group that had members count from when the last one left', () => {
    const { groups, properties } = store()
    const now = Date.now()
    const group = groups.getOrCreate('sink')
    group.protocolType = 'consumer'
    groups.commit(group, committed(0, offset(5, now - 30 * day)))
    group.stateTimestamp = now - 2 * day
    expireOffsets(groups, properties, now)
    expect(group.offsets.size).toBe(1)
    expireOffsets(groups, properties, now + 6 * day)
    expect(groups.list()).toEqual([])
  })

  it('given a retention time of their own (OffsetCommit 2 to 4) expire by it', async () => {
    const properties = { 'offsets.retention.check.interval.ms': '50' }
    const wire = await (await labBroker({ properties })).open()
    const topic = await newTopic(wire)
    const partition = { index: 0, committedOffset: 7, committedLeaderEpoch: -1, commitTimestamp: -1, committedMetadata: '' }
    const request = {
      groupId: 'g',
      generationId: -1,
      memberId: '',
      retentionTimeMs: 1,
      topics: [{ name: topic, partitions: [partition] }],
    }
    await wire.call(offsetCommit, 4, request)
    await until(async () => (await wire.call(offsetFetch, 5, { groupId: 'g', topics: null })).topics.length === 0)
  })

  it('a group that nobody got into is forgotten, one with members stays', async () => {
    const wire = await (await labBroker({ properties: { 'offsets.retention.check.interval.ms': '50' } })).open()
    const { groupId } = await stableGroup(wire)
    await join(wire, 'nobody', { protocols: [] })
    await until(async () => {
      const { groups } = await wire.call(listGroups, 2, {})
      return groups.length === 1 && groups[0]!.groupId === groupId
    })
  })
})

describe('__consumer_offsets', () => {
  it('is written anew when it has grown, and keeps everything', async () => {
    const { groups, reopen, dir } = store()
    const now = Date.now()
    const big = { ...offset(1, now), metadata: 'x'.repeat(32_000) }
    for (let i = 0; i < 700; i++) groups.commit(groups.getOrCreate(`g${i}`), committed(0, { ...big, offset: i }))
    await until(async () => !readdirSync(joinPath(dir, '__consumer_offsets-0')).includes('00000000000000000000.log'))
    const again = reopen()
    const offsets = Array.from({ length: 700 }, (_, i) => again.get(`g${i}`)?.offsets.get('quotes')!.get(0)!.offset)
    expect(offsets).toEqual(Array.from({ length: 700 }, (_, i) => i))
    expect(again.get('g7')!.offsets.get('quotes')!.get(0)!.metadata).toHaveLength(32_000)
  })
})
