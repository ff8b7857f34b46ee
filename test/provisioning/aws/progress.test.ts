import { expect, it } from 'vitest'
import { withProgress } from '../../../provisioning/aws/progress.ts'

it('says that it goes on until it is done, and passes on what comes of it', async () => {
  const said: string[] = []
  let done = (_: string): void => {}
  const work = new Promise<string>(resolve => (done = resolve))
  const all = withProgress(line => said.push(line) === 3 && done('ready'), 'waiting', work, 1)
  expect(await all).toBe('ready')
  expect(said.slice(0, 3)).toEqual(Array(3).fill('  … waiting: 0 s'))
  await expect(withProgress(() => {}, 'waiting', Promise.reject(new Error('no')), 1)).rejects.toThrow('no')
})
