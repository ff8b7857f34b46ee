import { expect, it } from 'vitest'
import { sleep, waitFor } from '../lib/wait.ts'

it('answers what the check answers at last', async () => {
  let looks = 0
  expect(await waitFor('three looks', () => ++looks === 3 && 'there', { intervalMs: 1 })).toBe('there')
  expect(looks).toBe(3)
})

it('says what it waited for when the time is over', async () => {
  await expect(waitFor('a bus', () => false, { timeoutMs: 20, intervalMs: 1 })).rejects.toMatchObject({
    code: 'TIMEOUT',
    message: expect.stringContaining('a bus'),
  })
})

it('lets an error of the check pass, and ends with the signal', async () => {
  await expect(waitFor('x', () => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
  const controller = new AbortController()
  const waiting = waitFor('x', () => undefined, { signal: controller.signal })
  controller.abort(new Error('enough'))
  await expect(waiting).rejects.toThrow('enough')
  await expect(sleep(10_000, controller.signal)).rejects.toThrow('enough')
})
