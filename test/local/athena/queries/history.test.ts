import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Execution } from '../../../../lib/local/athena/queries/execution.ts'
import { priceOf } from '../../../../lib/local/athena/queries/execution.ts'
import { History } from '../../../../lib/local/athena/queries/history.ts'
import { temporaryFolder } from '../../../helpers/folder.ts'

const execution = (id: string, change: Partial<Execution> = {}): Execution => ({
  id,
  sql: 'SELECT 1',
  type: 'DML',
  subtype: 'SELECT',
  workGroup: 'primary',
  outputLocation: 's3://b/r.csv',
  token: `token-${id}`,
  asked: '',
  state: 'SUCCEEDED',
  submitted: 1,
  completed: 2,
  scannedBytes: 0,
  ...change,
})

test('what was running when the process died has failed; a torn line is dropped', () => {
  const file = join(temporaryFolder(), 'history.jsonl')
  const history = new History(file)
  history.add(execution('a'))
  history.add(execution('b', { state: 'RUNNING', completed: undefined }))
  appendFileSync(file, '{"id":"c","sq')
  const again = new History(file)
  expect(again.get('a')!.state).toBe('SUCCEEDED')
  expect(again.get('b')).toMatchObject({ state: 'FAILED', failure: { retryable: true } })
  expect(again.get('c')).toBeUndefined()
  expect(again.withToken('token-a')!.id).toBe('a')
  expect(again.list('primary').map(item => item.id)).toEqual(['b', 'a'])
  expect(again.list('other')).toEqual([])
})

test('the price is Athena’s: 10 MB at least, whole megabytes, nothing for DDL and failures', () => {
  expect(priceOf(execution('a', { scannedBytes: 1 }))).toBeCloseTo(0.00005, 10)
  expect(priceOf(execution('a', { scannedBytes: 1e12 }))).toBeCloseTo(5, 10)
  expect(priceOf(execution('a', { scannedBytes: 20_000_001 }))).toBeCloseTo(0.000105, 10)
  expect(priceOf(execution('a', { state: 'FAILED', scannedBytes: 1e12 }))).toBe(0)
  expect(priceOf(execution('a', { type: 'DDL' }))).toBe(0)
})
