import { setImmediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { batched, batchOutput } from '../lib/quiet.ts'

it('sends what is written in one turn together, each stream for itself and in order', async () => {
  const sent: [string, string][] = []
  const { write } = batched((name, text) => sent.push([name, text]))
  for (let i = 0; i < 1000; i++) write('stdout', `${i}\n`)
  write('stderr', 'careful\n')
  write('stdout', 'on\n')
  expect(sent).toHaveLength(2)
  await setImmediate()
  expect(sent.map(([name]) => name)).toEqual(['stdout', 'stderr', 'stdout'])
  expect(sent[0][1].split('\n')).toHaveLength(1001)
})

it('flushes before a picture, so that texts stay above it', () => {
  const sent: string[] = []
  const { write, flush } = batched((_name, text) => sent.push(text))
  write('stdout', 'before')
  flush()
  flush()
  expect(sent).toEqual(['before'])
})

it('does nothing outside a notebook', () => {
  expect(batchOutput()).toBe(false)
})
