import { beforeAll, expect, it } from 'vitest'
import { openConsumer } from '../../../lib/consumer/consumer.ts'
import { withAdmin } from '../../../lib/kafka.ts'
import { produceRaw } from '../../../lib/producer.ts'
import { sink } from '../../../lib/sink/sink.ts'
import { createTopic } from '../../../lib/topic.ts'
import { waitFor } from '../../../lib/wait.ts'
import { homeForTests, type OpenLab } from '../../helpers/lab.ts'
import { event, problem, quote, seen, wrongs } from './look.ts'

let open: OpenLab
beforeAll(async () => {
  open = (await homeForTests()).open
})

/** What is wrong with a topic that has these records; that no sink has read them yet is left out. */
async function problemOf(messages: { key?: string | null; value: string | null }[]): Promise<string> {
  const lab = open()
  await createTopic(lab, lab.config.topic)
  await produceRaw(lab, messages)
  return problem(lab, ['kafka'], {}, /no member runs/)
}
const good = (count: number): { key: string; value: string }[] =>
  Array.from({ length: count }, (_, at) => ({ key: event(at).symbol, value: quote(at) }))

it.each([
  ['a test message', '{"surnasdasdame":"parmar"}', 'not a quote: a test message'],
  ['no JSON', "{'day': 'night'}", 'not JSON: a test message, or another serializer'],
  ['JSON in JSON', JSON.stringify(JSON.stringify({ day: 'night' })), 'encoded twice'],
  ['an array', '[1,2]', 'several events in one record'],
  ['a tombstone', null, 'the value is null'],
  ['a number as text', quote(0).replace(/"open":([\d.]+)/, '"open":"$1"'), 'open is not a number'],
])('finds %s', async (_, value, words) => {
  const found = await problemOf([...good(3), { key: 'x', value }])
  expect(found).toContain(words)
  expect(found).toMatch(/1 record of 4 looked at: \d\/\d+:/)
})

it('finds numbers that lose their point', async () => {
  const whole = quote(0).replace(/"volume":[\d.]+/, '"volume":0')
  expect(await problemOf([...good(2), { key: 'x', value: whole }])).toMatch(
    /volume is a number with a point in .* and a whole number in|volume is a whole number in .* and a number with a point in/,
  )
})

it('finds that no record has a key', async () => {
  expect(await problemOf(good(40).map(({ value }) => ({ value })))).toContain('none of 40 records looked at has a key')
})

it('finds that all records lie in one partition', async () => {
  expect(await problemOf(good(40).map(({ value }) => ({ key: 'NYA', value })))).toMatch(
    /all 40 records lie in partition \d of 3.*same key/,
  )
})

it('finds dead letters, and says why they are there', async () => {
  const lab = open()
  await createTopic(lab, lab.config.topic)
  await produceRaw(lab, [{ key: 'x', value: 'no quote' }, ...good(5)])
  await sink(lab)
  const found = wrongs(await seen(lab, ['kafka']))
  expect(found).toHaveLength(2) // the record is still in the topic, too
  expect(found[1]).toMatch(/\.dlq has 1 record, the last from t\d.* \d\/0.*not JSON/)
})

it('finds a group that nobody reads for', async () => {
  const lab = open()
  await createTopic(lab, lab.config.topic)
  await produceRaw(lab, good(5))
  expect(await problem(lab, ['kafka'])).toMatch(/has 5 of 5 records of .* before it, and no member runs.*npx tickerlake sink/)
})

it('finds a group that stands still, and the record it stands at', async () => {
  const lab = open()
  await createTopic(lab, lab.config.topic, { partitions: 1 })
  await produceRaw(lab, good(5))
  const consumer = await openConsumer(lab, lab.config.topic, { group: lab.config.group, onRecords: async () => false })
  try {
    await waitFor('the partitions', () => consumer.assigned().length === 1)
    expect(wrongs(await seen(lab, ['kafka']))).toEqual([]) // it may be at work
    const found = await problem(lab, ['kafka'], { watch: { watchMs: 300, now: Date.now() + 600_000 } })
    expect(found).toMatch(/stands still at \S+ 0\/0 \(10 min old\), although 1 member runs.*--partition 0 --offset 0/)
  } finally {
    await consumer.close()
  }
})

it.each([
  ['made anew', 100, /is at offset 100 of \S+ 0, which ends at 5\. the topic was made anew.*groups reset/],
  ['emptied before it was read', 0, /is at offset 0 of \S+ 0, which begins at 5\. retention deleted 5 records/],
])('finds that the topic was %s', async (_, offset, words) => {
  const lab = open()
  const { topic, group } = lab.config
  await createTopic(lab, topic, { partitions: 1 })
  await produceRaw(lab, good(5))
  const consumer = await openConsumer(lab, topic, { group, onRecords: async () => true })
  await waitFor('the records', () => consumer.position(0) === 5)
  await consumer.commit([{ partition: 0, offset, metadata: '' }])
  await consumer.close()
  if (offset === 0)
    await withAdmin(lab, topic, async admin => {
      await admin.fetchTopicOffsets(topic) // kafkajs learns the leaders by it
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '5' }] })
    })
  expect(await problem(lab, ['kafka'])).toMatch(words)
})
