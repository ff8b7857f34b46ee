import { createRequire } from 'node:module'
import { expect, it } from 'vitest'
import { filterAborted, loadKafkajs } from '../lib/kafkajs.ts'

const message = (offset: number, producerId: string, { control = false, transactional = true } = {}) => ({
  offset: String(offset),
  isControlRecord: control,
  batchContext: { producerId, inTransaction: transactional },
})

it('leaves out the records of all transactions that were aborted, also of several that are open at once', () => {
  const messages = [
    message(100, 'a'),
    message(101, 'b'),
    message(102, 'c'),
    message(103, 'b', { control: true }),
    message(104, 'b'),
    message(105, 'a', { transactional: false }),
    message(106, 'a', { control: true }),
    message(107, 'a'),
  ]
  const abortedTransactions = [
    { producerId: 'b', firstOffset: '90' },
    { producerId: 'a', firstOffset: '80' },
  ]
  expect(filterAborted({ messages, abortedTransactions }).map(({ offset }) => offset)).toEqual([
    '102',
    '103',
    '104',
    '105',
    '106',
    '107',
  ])
  expect(filterAborted({ messages })).toEqual(messages)
})

it('is what kafkajs uses, and kafkajs is the version the cures are for', () => {
  loadKafkajs()
  const require = createRequire(import.meta.url)
  expect(require('kafkajs/package.json').version).toBe('2.2.4')
  expect(require('kafkajs/src/consumer/filterAbortedMessages')).toBe(filterAborted)
})
