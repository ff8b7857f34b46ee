import { expect, it } from 'vitest'
import { runSteps, type Step } from '../../../provisioning/host/step.ts'

interface World {
  done: Set<string>
  log: string[]
}

const step = (title: string, works = true): Step<World> => ({
  title,
  async check({ done }) {
    return done.has(title) ? [] : [`no ${title}`]
  },
  async apply({ done, log }) {
    log.push(title)
    if (works) done.add(title)
  },
})

const world = (): World => ({ done: new Set(), log: [] })

it('applies what differs, in order, and nothing the second time', async () => {
  const all = [step('a'), step('b'), { ...step('c'), skip: () => 'another mode' }]
  const it_ = world()
  const said: string[] = []
  expect(await runSteps(all, it_, { say: line => said.push(line) })).toEqual({ changed: 2, ok: 0, skipped: 1 })
  expect(it_.log).toEqual(['a', 'b'])
  expect(await runSteps(all, it_, { say: line => said.push(line) })).toEqual({ changed: 0, ok: 2, skipped: 1 })
  expect(it_.log).toEqual(['a', 'b'])
  expect(said.at(-1)).toBe('skipped  c: another mode')
})

it('only looks in a dry run', async () => {
  const it_ = world()
  const said: string[] = []
  expect(await runSteps([step('a')], it_, { dryRun: true, say: line => said.push(line) })).toEqual({
    changed: 1,
    ok: 0,
    skipped: 0,
  })
  expect(it_.log).toEqual([])
  expect(said).toEqual(['would    a: no a'])
})

it('goes on where it broke off', async () => {
  const it_ = world()
  let broken = true
  const b: Step<World> = {
    ...step('b'),
    apply: async context => (broken ? Promise.reject(new Error('crash')) : step('b').apply(context)),
  }
  await expect(runSteps([step('a'), b], it_, { say: () => {} })).rejects.toThrow('crash')
  broken = false
  expect(await runSteps([step('a'), b], it_, { say: () => {} })).toEqual({ changed: 1, ok: 1, skipped: 0 })
})

it('does not believe a step that brought nothing about', async () => {
  await expect(runSteps([step('a', false)], world(), { say: () => {} })).rejects.toThrow('a: applied, but still no a')
})
