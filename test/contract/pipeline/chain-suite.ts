import { describe, expect, it } from 'vitest'
import { deleteObjects, parseObjectKey } from '../../../lib/bucket.ts'
import { resetGroup } from '../../../lib/group.ts'
import { withAdmin } from '../../../lib/kafka.ts'
import { produce, produceRaw } from '../../../lib/producer.ts'
import { sink } from '../../../lib/sink/sink.ts'
import { createTopic, deleteTopic, describeTopic } from '../../../lib/topic.ts'
import type { OpenLab } from '../../helpers/lab.ts'
import { someQuotes } from '../../helpers/quotes.ts'

import { commit, filledTopic, keys, sorted, stored, upTo } from './stored.ts'
/** What the sink promises about the chain of objects, on any Kafka and any S3. */
export function chainSuite(open: OpenLab): void {
  const filled = (count: number, partitions?: number) => filledTopic(open, count, partitions)

  describe('the chain of objects', () => {
    it('follows another writer with other batch sizes, whatever was committed', async () => {
      const lab = await filled(100, 1)
      await sink(lab, { maxRecords: 7, take: 63 })
      await resetGroup(lab, lab.config.group, lab.config.topic, 'earliest')
      expect(await sink(lab, { maxRecords: 1000 })).toMatchObject({ records: 37 })
      expect(await stored(lab)).toEqual(upTo(100))
    })

    it('follows it from a boundary between two objects, without a look at the bucket', async () => {
      const lab = await filled(60, 1)
      await sink(lab, { maxRecords: 10 })
      const [, second] = await keys(lab)
      await commit(lab, 20, second)
      expect(await sink(lab, { maxRecords: 25 })).toMatchObject({ records: 0 })
      expect(await stored(lab)).toEqual(upTo(60))
    })

    it('stores nothing twice when offsets are reset into the middle of an object', async () => {
      const lab = await filled(100, 1)
      await sink(lab, { maxRecords: 40 })
      for (const offset of [17, 40, 99]) {
        await resetGroup(lab, lab.config.group, lab.config.topic, offset)
        expect(await sink(lab, { maxRecords: 9 })).toMatchObject({ records: 0 })
      }
      expect(await stored(lab)).toEqual(upTo(100))
    })

    it('fills a hole that was skipped without running into the object behind it', async () => {
      const lab = await filled(100, 1)
      await sink(lab, { take: 20 })
      await resetGroup(lab, lab.config.group, lab.config.topic, 50)
      expect(await sink(lab)).toMatchObject({ records: 50 })
      await resetGroup(lab, lab.config.group, lab.config.topic, 'earliest')
      expect(await sink(lab)).toMatchObject({ records: 30 })
      expect(await stored(lab)).toEqual(upTo(100))
    })

    it('fills holes in several runs, with other batch sizes, and still stores nothing twice', async () => {
      const lab = await filled(100, 1)
      const move = (offset: number) => resetGroup(lab, lab.config.group, lab.config.topic, offset)
      await sink(lab, { take: 10 })
      await move(40)
      await sink(lab, { take: 10 })
      await move(70)
      await sink(lab, { take: 10 })
      await move(20)
      for (let run = 0; run < 3; run++) await sink(lab, { take: 7, maxRecords: 3 })
      await sink(lab)
      expect(sorted(await stored(lab))).toEqual([...upTo(10), ...upTo(100).slice(20)])
      await move(0)
      for (let run = 0; run < 2; run++) await sink(lab, { take: 15 })
      await sink(lab)
      expect(sorted(await stored(lab))).toEqual(upTo(100))
    })

    it('looks past bad records at either end of an object', async () => {
      const lab = open()
      await createTopic(lab, lab.config.topic, { partitions: 1 })
      await produceRaw(lab, [{ value: 'bad' }])
      await produce(lab, someQuotes(10))
      await produceRaw(lab, [{ value: 'bad' }, { value: 'bad' }])
      await produce(lab, someQuotes(10, 10))
      await sink(lab, { maxRecords: 10 })
      expect((await keys(lab)).map(key => parseObjectKey(key)?.offset)).toEqual([1, 13])
      await resetGroup(lab, lab.config.group, lab.config.topic, 'earliest')
      expect(await sink(lab, { maxRecords: 3 })).toMatchObject({ records: 0 })
      expect(await stored(lab)).toEqual(upTo(20))
    })

    it('refuses the objects of a topic that was made anew, and changes nothing', async () => {
      const lab = await filled(50, 1)
      await sink(lab, { maxRecords: 10 })
      const before = await keys(lab)
      await deleteTopic(lab, lab.config.topic)
      await createTopic(lab, lab.config.topic, { partitions: 1 })
      await produce(lab, someQuotes(80, 1000))
      await expect(sink(lab)).rejects.toMatchObject({
        code: 'TOPIC_REPLACED',
        message: expect.stringContaining(`groups reset ${lab.config.group} ${lab.config.topic} earliest`),
      })
      expect(await keys(lab)).toEqual(before)
      await deleteObjects(lab, { prefix: lab.config.prefix })
      await resetGroup(lab, lab.config.group, lab.config.topic, 'earliest') // as the message says
      expect(await sink(lab)).toMatchObject({ records: 80 })
    })

    it('refuses offsets beyond the end of a topic that was made anew', async () => {
      const lab = await filled(50, 1)
      // Not by a member of our own: kafkajs replaces an offset it cannot fetch, as soon as it has tried.
      const partitions = [{ partition: 0, offset: '500' }]
      await withAdmin(lab, 'group', admin => admin.setOffsets({ groupId: lab.config.group, topic: lab.config.topic, partitions }))
      await expect(sink(lab)).rejects.toMatchObject({
        code: 'TOPIC_REPLACED',
        message: expect.stringContaining('has committed offset 500'),
      })
    })

    it('tells which records retention took before anyone read them', async () => {
      const lab = await filled(50, 1)
      await sink(lab, { take: 10 })
      await withAdmin(lab, 'topic', async admin => {
        await admin.fetchTopicOffsets(lab.config.topic) // kafkajs deletes only of topics whose leaders it knows
        await admin.deleteTopicRecords({ topic: lab.config.topic, partitions: [{ partition: 0, offset: '25' }] })
      })
      expect(await sink(lab)).toMatchObject({ records: 25, lost: [{ partition: 0, start: 10, end: 25 }] })
      expect((await stored(lab)).length).toBe(35)
    })

    it('shares the work between two sinks of a group', async () => {
      const lab = await filled(3000)
      const reports = await Promise.all([sink(lab, { maxRecords: 100 }), sink(lab, { maxRecords: 170 })])
      expect(reports.map(({ ended }) => ended)).toEqual(['caught up', 'caught up'])
      expect(sorted(await stored(lab))).toEqual(upTo(3000))
      expect((await describeTopic(lab, lab.config.topic)).records).toBe(3000)
    })
  })
}
