import { crc32c } from '../records/crc32c.ts'
import { Reader } from '../wire/reader.ts'
import { array, int16, int32, int64, struct } from '../wire/schema.ts'
import { Writer } from '../wire/writer.ts'
import { ProducerStates } from './producer-states.ts'

/** Kafka's producer snapshot: version i16 = 1, crc-32c u32 of what follows, entries. Kafka keeps one entry for each producer, the last batch;
 *  here each remembered batch has its own, oldest first, of which Kafka's tools take the last. */
const entry = struct({
  producerId: int64,
  epoch: int16,
  lastSequence: int32,
  lastOffset: int64,
  offsetDelta: int32,
  timestamp: int64,
  coordinatorEpoch: int32,
  txnFirstOffset: int64,
})
const entries = array(entry)

export function encodeSnapshot(states: ProducerStates): Buffer {
  const rows = []
  for (const [producerId, state] of states.producers) {
    const base = {
      producerId,
      epoch: state.epoch,
      coordinatorEpoch: state.coordinatorEpoch,
      txnFirstOffset: state.txnFirstOffset ?? -1,
    }
    if (state.batches.length === 0)
      rows.push({ ...base, lastSequence: -1, lastOffset: -1, offsetDelta: 0, timestamp: state.lastTimestamp })
    for (const { lastSequence, lastOffset, firstOffset, timestamp } of state.batches) {
      rows.push({ ...base, lastSequence, lastOffset, offsetDelta: lastOffset - firstOffset, timestamp })
    }
  }
  const writer = new Writer()
  writer.int16(1)
  writer.int32(0)
  entries.write(writer, rows, 1)
  const bytes = writer.toBuffer()
  bytes.writeUInt32BE(crc32c(bytes, 6), 2)
  return bytes
}

/** Undefined when the bytes are no snapshot or a damaged one. */
export function decodeSnapshot(bytes: Buffer): ProducerStates | undefined {
  if (bytes.length < 10 || bytes.readInt16BE(0) !== 1 || crc32c(bytes, 6) !== bytes.readUInt32BE(2)) return undefined
  const states = new ProducerStates()
  for (const row of entries.read(new Reader(bytes, 6), 1)) {
    let state = states.producers.get(row.producerId)
    if (!state) {
      state = {
        epoch: row.epoch,
        batches: [],
        lastTimestamp: row.timestamp,
        coordinatorEpoch: row.coordinatorEpoch,
        txnFirstOffset: undefined,
      }
      states.producers.set(row.producerId, state)
    }
    state.lastTimestamp = row.timestamp
    if (row.txnFirstOffset >= 0) state.txnFirstOffset = row.txnFirstOffset
    if (row.lastOffset < 0) continue
    const firstSequence = (row.lastSequence - row.offsetDelta + 0x8000_0000) % 0x8000_0000
    const firstOffset = row.lastOffset - row.offsetDelta
    state.batches.push({
      firstSequence,
      lastSequence: row.lastSequence,
      firstOffset,
      lastOffset: row.lastOffset,
      timestamp: row.timestamp,
    })
  }
  return states
}
