import type { BatchHeader } from './batch.ts'
import { buildBatch, readRecords } from './records.ts'

/** The end of a transaction in a partition: a control batch of one record whose key is version i16, type i16 (0 abort, 1 commit) and whose
 *  value is version i16, coordinatorEpoch i32. */
export function buildMarker(producerId: number, producerEpoch: number, commit: boolean, timestamp: number): Buffer {
  const key = Buffer.from([0, 0, 0, commit ? 1 : 0])
  return buildBatch([{ key, value: Buffer.alloc(6) }], {
    timestamp,
    producerId,
    producerEpoch,
    isTransactional: true,
    isControl: true,
  })
}

/** True for a commit marker, false for an abort marker. */
export function isCommit(header: BatchHeader, body: Buffer): boolean {
  for (const { key } of readRecords(header, body)) return key?.readInt16BE(2) === 1
  return false
}
