import { createRequire } from 'node:module'
import type * as kafkajsModule from 'kafkajs'

type Kafkajs = typeof kafkajsModule

let loaded: Kafkajs | undefined

/** kafkajs 2.2.4, the one place that touches it: its idle timer cured and the compressions of other clients readable. Loaded on first use. */
export function loadKafkajs(): Kafkajs {
  if (loaded) return loaded
  const require = createRequire(import.meta.url)
  cureAbortedFilter(require)
  const kafkajs = require('kafkajs') as Kafkajs
  cureIdleTimer(require('kafkajs/src/network/requestQueue') as RequestQueueClass)
  cureHiddenRefusal(require('kafkajs/src/cluster/brokerPool') as BrokerPoolClass)
  Object.assign(kafkajs.CompressionCodecs, {
    [kafkajs.CompressionTypes.Snappy]: () => codec('snappy', snappyDecode),
    [kafkajs.CompressionTypes.LZ4]: () => codec('lz4-napi', (lz4, data) => lz4.decompressFrameSync(data)),
    [kafkajs.CompressionTypes.ZSTD]: () => codec('node:zlib', (zlib, data) => zlib.zstdDecompressSync(data)),
  })
  return (loaded = kafkajs)

  function codec(module: string, decode: (library: any, data: Buffer) => Buffer): object {
    return {
      compress: () => {
        throw new Error('the lab compresses with gzip only')
      },
      decompress: async (data: Buffer) => decode(require(module), data),
    }
  }
}

interface RequestQueueClass {
  prototype: { pending: unknown[]; scheduleCheckPendingRequests(): void }
}

/** kafkajs schedules its next look at an empty queue with a negative delay, so each connection spins about 1,000 times a second and Node warns
 *  (kafkajs issues 1751 and 1704). With nothing pending there is nothing to look at. */
function cureIdleTimer({ prototype }: RequestQueueClass): void {
  const schedule = prototype.scheduleCheckPendingRequests
  prototype.scheduleCheckPendingRequests = function () {
    if (this.pending.length > 0) schedule.call(this)
  }
}

interface BrokerPoolClass {
  prototype: { withBroker(ask: (broker: unknown) => Promise<unknown>): Promise<unknown> }
}

/** kafkajs asks broker after broker who coordinates a group and drops their answers, so a missing right on the group looks as if no broker were
 *  there. What the last one said is an authorization error: that is thrown instead. */
function cureHiddenRefusal({ prototype }: BrokerPoolClass): void {
  const { withBroker } = prototype
  prototype.withBroker = async function (ask) {
    let refusal: unknown
    const answer = await withBroker.call(this, async broker => {
      try {
        return await ask(broker)
      } catch (error) {
        const { type, cause } = error as { type?: string; cause?: { type?: string } }
        if (/_AUTHORIZATION_FAILED$/.test(type ?? cause?.type ?? '')) refusal = error
        throw error
      }
    })
    if (answer === null && refusal) throw refusal
    return answer
  }
}

interface FetchedMessage {
  offset: string
  isControlRecord?: boolean
  batchContext: { producerId: string; inTransaction: boolean }
}

/** kafkajs enters one aborted transaction for each message it sees, so where several are open at the first one, records of the others pass
 *  (`consumer/filterAbortedMessages.js`). Put in place before kafkajs takes its own. */
function cureAbortedFilter(require: NodeJS.Require): void {
  const path = require.resolve('kafkajs/src/consumer/filterAbortedMessages')
  require(path)
  require.cache[path]!.exports = filterAborted
}

/** The messages without those of aborted transactions; `abortedTransactions` as the broker lists them for the fetched range. */
export function filterAborted({
  messages,
  abortedTransactions,
}: {
  messages: FetchedMessage[]
  abortedTransactions?: { producerId: string; firstOffset: string }[]
}): FetchedMessage[] {
  const waiting = (abortedTransactions ?? []).toSorted((a, b) => Number(a.firstOffset) - Number(b.firstOffset))
  const aborting = new Set<string>()
  return messages.filter(({ offset, isControlRecord, batchContext: { producerId, inTransaction } }) => {
    while (waiting.length > 0 && Number(waiting[0].firstOffset) <= Number(offset))
      aborting.add(String(waiting.shift()!.producerId))
    if (isControlRecord) aborting.delete(String(producerId))
    return isControlRecord || !(inTransaction && aborting.has(String(producerId)))
  })
}

const xerialMagic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0])

/** Java clients frame snappy in xerial's blocks (16 bytes of header, then length and block); librdkafka sends it raw. */
function snappyDecode(snappy: { uncompressSync(data: Buffer): Buffer }, data: Buffer): Buffer {
  if (!data.subarray(0, 8).equals(xerialMagic)) return snappy.uncompressSync(data)
  const blocks: Buffer[] = []
  for (let at = 16; at < data.length;) {
    const length = data.readInt32BE(at)
    blocks.push(snappy.uncompressSync(data.subarray(at + 4, at + 4 + length)))
    at += 4 + length
  }
  return Buffer.concat(blocks)
}
