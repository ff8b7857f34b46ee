import { setImmediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { GroupStore } from '../../../lib/local/broker/groups/store.ts'
import { Maintenance } from '../../../lib/local/broker/maintenance.ts'
import { Properties } from '../../../lib/local/broker/properties.ts'
import { Topics } from '../../../lib/local/broker/topics/store.ts'
import { offsetsTopic } from '../../../lib/local/broker/topics/topic.ts'
import { temporaryFolder } from './lab-broker.ts'

const committed = (offset: number) => ({ offset, leaderEpoch: -1, metadata: 'x'.repeat(40), commitTimestamp: 1 })

function open(dir: string) {
  const properties = new Properties({})
  const topics = new Topics(dir, properties, () => {})
  return { topics, groups: new GroupStore(topics, new Maintenance(topics, properties, () => {}), () => {}) }
}

it('a grown log is written anew while commits, deletions and other work go on', async () => {
  const dir = temporaryFolder()
  const { topics, groups } = open(dir)
  const commit = (group: string, offset: number) => {
    const partitions = Array.from({ length: 1000 }, (_, i) => [i, committed(offset + i)] as const)
    groups.commit(groups.getOrCreate(group), new Map([['quotes', new Map(partitions)]]))
  }
  for (let i = 0; i < 60; i++) commit(`group-${i}`, i)
  const log = topics.partition(offsetsTopic, 0)!
  for (let round = 0; log.segments.length === 1; round++) {
    commit(`group-${round % 60}`, round)
    if (round % 10 === 0) await setImmediate()
  }
  let turns = 0
  for (; log.startOffset === 0; turns++) {
    commit(`group-${turns % 40}`, 5000 + turns)
    if (turns === 0) groups.remove(groups.get('group-50')!)
    if (turns === 1) groups.deleteOffsets(groups.get('group-45')!, [['quotes', 7]])
    await setImmediate()
  }
  expect(turns).toBeGreaterThan(2)
  const state = (store: GroupStore) =>
    store
      .list()
      .map(({ id, offsets }) => [id, [...(offsets.get('quotes') ?? [])].sort(([a], [b]) => a - b)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1))
  const before = state(groups)
  expect(before).toHaveLength(59)
  expect(JSON.stringify(state(open(dir).groups)) === JSON.stringify(before)).toBe(true)
})
