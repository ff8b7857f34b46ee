import { beforeAll, describe, expect, it } from 'vitest'
import type { Lab } from '../../lib/lab.ts'
import { produceRaw } from '../../lib/producer.ts'
import { createTopic } from '../../lib/topic.ts'
import { homeForTests } from '../helpers/lab.ts'
import { tell, type Told } from './in-process.ts'

let dir: string
let lab: Lab
beforeAll(async () => {
  const home = await homeForTests()
  dir = home.dir
  lab = home.open()
})

const run = (args: string[]): Promise<Told> => tell(args, { LAB_DIR: dir })
async function ok(args: string[]): Promise<string> {
  const { error, stdout } = await run(args)
  expect(error).toBeUndefined()
  return stdout
}

let made = 0
async function topic(partitions = 1): Promise<string> {
  const name = `console-${++made}`
  await createTopic(lab, name, { partitions })
  return name
}

describe('offsets', () => {
  it('are first ones, next ones, and those of a time', async () => {
    const name = await topic(2)
    await produceRaw(
      lab,
      [
        { value: 'a', partition: 0 },
        { value: 'b', partition: 0 },
      ],
      { topic: name },
    )
    expect(await ok(['offsets', name])).toBe(`${name}:0:2\n${name}:1:0\n`)
    expect(await ok(['offsets', name, '--time', 'earliest', '--partition', '0'])).toBe(`${name}:0:0\n`)
    expect(await ok(['offsets', name, '--time', 'PT1H', '--partition', '0'])).toBe(`${name}:0:0\n`)
    expect(await ok(['offsets', name, '--time', '2099-01-01', '--partition', '0'])).toBe(`${name}:0:2\n`)
    expect(JSON.parse(await ok(['offsets', name, '--json']))).toEqual([
      { partition: 0, offset: 2 },
      { partition: 1, offset: 0 },
    ])
  })
})

describe('topics alter', () => {
  it('adds partitions, sets and unsets configs and keeps the others', async () => {
    const name = await topic(1)
    await ok([
      'topics',
      'alter',
      name,
      '--partitions',
      '3',
      '--config',
      'retention.ms=60000',
      '--config',
      'segment.bytes=1048576',
    ])
    await ok(['topics', 'alter', name, '--delete-config', 'retention.ms'])
    const report = JSON.parse(await ok(['topics', 'describe', name, '--json']))
    expect(report.partitions).toHaveLength(3)
    expect(report.configs).toMatchObject({ 'segment.bytes': '1048576' })
    expect(report.configs).not.toHaveProperty('retention.ms')
    expect(await ok(['topics', 'describe', name, '--all'])).toMatch(/^retention\.ms=\d+$/m)
    expect(await ok(['topics', 'create', name, '--if-not-exists'])).toContain('exists already')
    expect(await ok(['topics', 'delete', `${name}-none`, '--if-exists'])).toContain('There is no topic')
  })
})

describe('one clear error', () => {
  it.each<[string[], RegExp]>([
    [['offsets', 'nope'], /^topic nope: there is no such topic/],
    [['offsets', 'console-1', '--time', '7'], /^--time: expected earliest, latest, a time/],
    [['topics', 'alter', 'console-1'], /nothing to change/],
    [['topics', 'alter', 'console-1', '--partitions', '1'], /Kafka only adds partitions/],
    [['topics', 'alter', 'console-1', '--config', 'foo=1'], /there is no topic config foo/],
  ])('%j', async (args, words) => {
    const { error, stdout } = await run(args)
    expect(stdout).toBe('')
    expect(error).toMatch(words)
  })
})
