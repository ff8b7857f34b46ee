import { beforeAll, describe, expect, it } from 'vitest'
import type { Lab } from '../../lib/lab.ts'
import { produceRaw } from '../../lib/producer.ts'
import { createTopic } from '../../lib/topic.ts'
import { waitFor } from '../../lib/wait.ts'
import { startCli } from '../helpers/cli.ts'
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

describe('groups', () => {
  it('moves offsets to a point, or only says where to', async () => {
    const name = await topic(2)
    await produceRaw(
      lab,
      [0, 0, 0, 1].map(partition => ({ value: 'x', partition })),
      { topic: name },
    )
    const reset = async (...args: string[]): Promise<[number | null, number][]> =>
      JSON.parse(await ok(['groups', 'reset', 'movers', name, '--json', ...args])).offsets.map(
        ({ before, offset }: { before: number | null; offset: number }) => [before, offset],
      )
    expect(await reset('latest', '--dry-run')).toEqual([
      [null, 3],
      [null, 1],
    ])
    expect(await reset('latest')).toEqual([
      [null, 3],
      [null, 1],
    ])
    expect(await reset('--', '-2')).toEqual([
      [3, 1],
      [1, 0],
    ])
    expect(await reset('--partition', '0', '--', '+1')).toEqual([[1, 2]])
    expect(await reset('99')).toEqual([
      [2, 3],
      [0, 1],
    ])
    expect(await reset('PT1H')).toEqual([
      [3, 0],
      [1, 0],
    ])
    expect(await reset('current')).toEqual([
      [0, 0],
      [0, 0],
    ])
    expect(await ok(['groups', 'list', '--state'])).toMatch(/movers +Empty +0/)
  })

  it('names the members that keep offsets from being moved', async () => {
    const name = await topic()
    await produceRaw(lab, [{ value: 'x' }], { topic: name })
    const follower = startCli(['consume', name, '--group', 'busy', '--from-beginning'], { LAB_DIR: dir })
    await waitFor('the record', () => follower.written().includes('x'))
    expect(await ok(['groups', 'describe', 'busy', '--members'])).toMatch(new RegExp(`tickerlake +127\\.0\\.0\\.1 .*${name}/0`))
    for (const args of [
      ['reset', 'busy', name, 'earliest'],
      ['delete-offsets', 'busy', name],
      ['delete', 'busy'],
    ])
      expect(await run(['groups', ...args])).toMatchObject({
        error: expect.stringMatching(/^group busy: has (1 )?running member/),
      })
    follower.child.kill('SIGINT')
    expect(await follower.ended).toMatchObject({ code: 0 })
  })

  it('forgets the offsets of one topic and keeps those of another', async () => {
    const [first, second] = [await topic(), await topic()]
    for (const name of [first, second]) {
      await produceRaw(lab, [{ value: 'x' }], { topic: name })
      await ok(['groups', 'reset', 'forgetful', name, 'latest'])
    }
    expect(await ok(['groups', 'delete-offsets', 'forgetful', first])).toContain('partitions 0')
    const { offsets } = JSON.parse(await ok(['groups', 'describe', 'forgetful', '--json']))
    expect(offsets.map((one: { topic: string; committed: number }) => [one.topic, one.committed])).toEqual([[second, 1]])
  })
})

describe('one clear error', () => {
  it.each<[string[], RegExp]>([
    [['groups', 'reset', 'g', 'nope', 'earliest'], /there is no such topic/],
    [['groups', 'delete-offsets', 'nobody', 'console-1'], /has no offsets of topic console-1/],
  ])('%j', async (args, words) => {
    const { error, stdout } = await run(args)
    expect(stdout).toBe('')
    expect(error).toMatch(words)
  })
})
