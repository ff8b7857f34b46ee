import { expect, it } from 'vitest'
import { tryLock, withLock } from '../../../provisioning/kafka/lock.ts'
import { temporaryFolder } from '../../helpers/folder.ts'

it('lets one in, and the next one when the first is done', async () => {
  const dir = temporaryFolder()
  const said: string[] = []
  const order: string[] = []
  let finish = (): void => {}
  const first = withLock(
    dir,
    'cluster',
    line => said.push(line),
    async () => {
      order.push('first')
      await new Promise<void>(resolve => (finish = resolve))
    },
  )
  expect(tryLock(dir, 'cluster')).toBeUndefined()
  const second = withLock(
    dir,
    'cluster',
    line => said.push(line),
    async () => order.push('second'),
  )
  expect(said).toEqual(['another kafka command is at work here; waiting for it'])
  finish()
  await first
  await second
  expect(order).toEqual(['first', 'second'])
})

it('is given back after an error, and another name is another lock', async () => {
  const dir = temporaryFolder()
  await expect(
    withLock(
      dir,
      'cluster',
      () => {},
      () => Promise.reject(new Error('x')),
    ),
  ).rejects.toThrow('x')
  const unlock = tryLock(dir, 'cluster')
  expect(unlock).toBeDefined()
  tryLock(dir, 'replication')?.()
  unlock?.()
})
