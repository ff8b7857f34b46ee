import { afterAll, expect, it } from 'vitest'
import { ensureBucket, listObjects, putObject } from '../lib/bucket.ts'
import { openLesson, startOver } from '../lib/lesson.ts'
import { collect } from '../lib/take.ts'
import { createTopic, listTopics } from '../lib/topic.ts'
import { homeForTests } from './helpers/lab.ts'

const { open, dir } = await homeForTests()
const before = { ...process.env }
Object.assign(process.env, { LAB_DIR: dir, LAB_KAFKA: 'embedded', LAB_CLOUD: 'embedded' })
afterAll(() => void (process.env = before))

it('gives a lesson names of its own', () => {
  const { topic, group, prefix, table, database, crawler } = openLesson('07').config
  expect({ topic, group, prefix, table, database, crawler }).toEqual({
    topic: 'lesson-07-quotes',
    group: 'lesson-07-sink',
    prefix: 'lesson-07/quotes/',
    table: 'quotes',
    database: 'lesson_07',
    crawler: 'lesson-07-crawler',
  })
})

it('deletes what a lesson has made, and nothing else; a second time there is nothing', async () => {
  const lab = openLesson('07')
  const other = openLesson('08')
  for (const topic of ['lesson-07-quotes', 'lesson-07-quotes.dlq', 'lesson-08-quotes']) await createTopic(lab, topic)
  await ensureBucket(lab)
  for (const key of ['lesson-07/quotes/a.json', 'lesson-07/naive/b.json', 'lesson-08/quotes/c.json', 'lesson-071/d.json'])
    await putObject(lab, key, '{}')
  expect(await startOver(lab)).toEqual({
    topics: ['lesson-07-quotes', 'lesson-07-quotes.dlq'],
    groups: [],
    objects: 2,
    crawlers: [],
    databases: [],
  })
  expect(await startOver(lab)).toEqual({ topics: [], groups: [], objects: 0, crawlers: [], databases: [] })
  expect(await listTopics(lab)).toContain('lesson-08-quotes')
  expect((await collect(listObjects(other, { prefix: 'lesson-' }))).map(({ key }) => key)).toEqual([
    'lesson-071/d.json',
    'lesson-08/quotes/c.json',
  ])
  await lab.close()
  await other.close()
})

it('refuses a lab that is no lesson', async () => {
  await expect(startOver(open())).rejects.toMatchObject({ code: 'NOT_A_LESSON' })
})
