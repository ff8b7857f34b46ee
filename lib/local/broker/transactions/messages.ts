import type { NewRecord } from '../records/records.ts'
import { Reader } from '../wire/reader.ts'
import { array, int16, int32, int64, int8, nullableArray, string, struct } from '../wire/schema.ts'
import { Writer } from '../wire/writer.ts'

/** Kafka's states in the order of their codes. The two Prepare states: decided, markers are being written. */
export const transactionStates = [
  'Empty',
  'Ongoing',
  'PrepareCommit',
  'PrepareAbort',
  'CompleteCommit',
  'CompleteAbort',
  'Dead',
  'PrepareEpochFence',
] as const
export type TransactionState = (typeof transactionStates)[number]

/** What is known of a transactional id. Times in ms. */
export interface Transaction {
  transactionalId: string
  producerId: number
  producerEpoch: number
  timeoutMs: number
  state: TransactionState
  /** Partitions of the open transaction, by topic. */
  partitions: Map<string, Set<number>>
  lastUpdateTimestamp: number
  startTimestamp: number
}

/** Records of `__transaction_state`, as Kafka writes them: key version 0, value version 0. */
const key = struct({ version: int16, transactionalId: string })
const value = struct({
  producerId: int64,
  producerEpoch: int16,
  timeoutMs: int32,
  status: int8,
  partitions: nullableArray(struct({ topic: string, partitionIds: array(int32) })),
  lastUpdateTimestamp: int64,
  startTimestamp: int64,
})

export function transactionRecord(transaction: Transaction, { gone = false }: { gone?: boolean } = {}): NewRecord {
  const keyWriter = new Writer()
  key.write(keyWriter, { version: 0, transactionalId: transaction.transactionalId }, 0)
  if (gone) return { key: keyWriter.toBuffer(), value: null }
  const writer = new Writer()
  writer.int16(0)
  const partitions = [...transaction.partitions].map(([topic, ids]) => ({ topic, partitionIds: [...ids] }))
  const status = transactionStates.indexOf(transaction.state)
  value.write(writer, { ...transaction, status, partitions: transaction.state === 'Empty' ? null : partitions }, 0)
  return { key: keyWriter.toBuffer(), value: writer.toBuffer() }
}

/** Undefined for a record this broker does not know; `transaction` undefined for a tombstone. */
export function parseTransaction(
  keyBytes: Buffer,
  valueBytes: Buffer | null,
): { id: string; transaction: Transaction | undefined } | undefined {
  const { version, transactionalId } = key.read(new Reader(keyBytes), 0)
  if (version !== 0) return undefined
  if (!valueBytes) return { id: transactionalId, transaction: undefined }
  const { status, partitions, ...rest } = value.read(new Reader(valueBytes, 2), 0)
  const byTopic = new Map((partitions ?? []).map(({ topic, partitionIds }) => [topic, new Set(partitionIds)]))
  const state = transactionStates[status] ?? 'Dead'
  return { id: transactionalId, transaction: { transactionalId, ...rest, state, partitions: byTopic } }
}
