import { KafkaError } from '../errors.ts'
import type { BatchHeader } from '../records/batch.ts'

/** One of the last batches of a producer in a partition. */
export interface SentBatch {
  firstSequence: number
  lastSequence: number
  firstOffset: number
  lastOffset: number
  timestamp: number
}

export interface ProducerState {
  epoch: number
  /** Oldest first, at most five: that many requests a producer may have in flight. */
  batches: SentBatch[]
  lastTimestamp: number
  coordinatorEpoch: number
  /** Of the open transaction in this partition. */
  txnFirstOffset: number | undefined
}

/** A transaction that ended in a partition. */
export interface CompletedTxn {
  producerId: number
  firstOffset: number
  lastOffset: number
  aborted: boolean
}

const rememberedBatches = 5
const sequenceAfter = (sequence: number): number => (sequence === 0x7fff_ffff ? 0 : sequence + 1)
const lastSequenceOf = (first: number, count: number): number => (first + count - 1) % 0x8000_0000

/** What a partition knows of its idempotent and transactional producers (Kafka's ProducerStateManager). */
export class ProducerStates {
  readonly producers = new Map<number, ProducerState>()

  /** The batch that this one repeats, if it does. Throws what a producer is to be told: an old epoch, a gap in its sequence. */
  check(header: BatchHeader): SentBatch | undefined {
    const state = this.producers.get(header.producerId)
    const lastSequence = lastSequenceOf(header.baseSequence, header.count)
    if (!state) return undefined
    if (state.epoch === header.producerEpoch) {
      const same = state.batches.find(b => b.firstSequence === header.baseSequence && b.lastSequence === lastSequence)
      if (same) return same
    }
    const who = `producer ${header.producerId}`
    if (header.producerEpoch < state.epoch) {
      throw new KafkaError('INVALID_PRODUCER_EPOCH', `${who} has epoch ${state.epoch}, the batch ${header.producerEpoch}`)
    }
    const last = state.batches.at(-1)?.lastSequence
    const newEpoch = header.producerEpoch !== state.epoch
    const expected = newEpoch ? 0 : last === undefined ? undefined : sequenceAfter(last)
    if (expected !== undefined && header.baseSequence !== expected) {
      throw new KafkaError('OUT_OF_ORDER_SEQUENCE_NUMBER', `${who}: sequence ${header.baseSequence} where ${expected} is next`)
    }
    if (state.txnFirstOffset !== undefined && !header.isTransactional) {
      throw new KafkaError('INVALID_TXN_STATE', `${who} is in a transaction, the batch is not`)
    }
    return undefined
  }

  /** Takes in a batch of the log. A marker ends the producer's transaction and tells which. */
  update(header: BatchHeader, isCommit: boolean): CompletedTxn | undefined {
    if (header.producerId < 0) return undefined
    let state = this.producers.get(header.producerId)
    if (!state) {
      state = { epoch: header.producerEpoch, batches: [], lastTimestamp: -1, coordinatorEpoch: -1, txnFirstOffset: undefined }
      this.producers.set(header.producerId, state)
    }
    if (header.producerEpoch !== state.epoch) {
      state.epoch = header.producerEpoch
      state.batches = []
    }
    state.lastTimestamp = header.maxTimestamp
    if (header.isControl) return this.#end(header, state, isCommit)
    state.batches.push({
      firstSequence: header.baseSequence,
      lastSequence: lastSequenceOf(header.baseSequence, header.count),
      firstOffset: header.baseOffset,
      lastOffset: header.lastOffset,
      timestamp: header.maxTimestamp,
    })
    if (state.batches.length > rememberedBatches) state.batches.shift()
    if (header.isTransactional) state.txnFirstOffset ??= header.baseOffset
    return undefined
  }

  #end(header: BatchHeader, state: ProducerState, isCommit: boolean): CompletedTxn | undefined {
    const firstOffset = state.txnFirstOffset
    state.txnFirstOffset = undefined
    state.coordinatorEpoch = 0
    if (firstOffset === undefined) return undefined
    return { producerId: header.producerId, firstOffset, lastOffset: header.lastOffset, aborted: !isCommit }
  }

  /** Where the oldest open transaction begins: what read_committed must not pass. */
  firstUnstableOffset(): number | undefined {
    let first: number | undefined
    for (const { txnFirstOffset } of this.producers.values()) {
      if (txnFirstOffset !== undefined && (first === undefined || txnFirstOffset < first)) first = txnFirstOffset
    }
    return first
  }

  /** Forgets producers that wrote nothing for `producer.id.expiration.ms` and are in no transaction. */
  expire(now: number, expirationMs: number): void {
    for (const [id, state] of this.producers) {
      if (state.txnFirstOffset === undefined && now - state.lastTimestamp >= expirationMs) this.producers.delete(id)
    }
  }
}
