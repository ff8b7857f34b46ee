import { kafkaError } from '../kafka.ts'
import type { Lab } from '../lab.ts'
import { openSender, type RawMessage, type Sender } from '../producer.ts'
import { ensureTopic } from '../topic.ts'
import type { BadRecord } from './chain.ts'

/** Bytes in one send, well below what a topic takes in one batch. */
const maxSendBytes = 500_000

/** Larger than a topic's usual 1 MiB: what fitted there must fit here with its headers. */
const maxMessageBytes = 2_097_152

/** The dead-letter topic of a topic: `<topic>.dlq`, made when the first bad record comes. */
export class DeadLetters {
  /** Records that were sent, and acknowledged. */
  count = 0
  readonly #lab: Lab
  readonly #topic: string
  #sender: Sender | undefined

  constructor(lab: Lab, topic: string) {
    this.#lab = lab
    this.#topic = topic
  }

  /** Sends bad records, value and key as they came; headers tell the reason and the place. */
  async bury(bad: readonly BadRecord[]): Promise<void> {
    const name = `${this.#topic}.dlq`
    try {
      if (!this.#sender) {
        await ensureTopic(this.#lab, name, { configs: { 'max.message.bytes': String(maxMessageBytes) } })
        this.#sender = await openSender(this.#lab, name)
      }
      for (const messages of this.#batches(bad)) {
        await this.#sender.send(messages)
        this.count += messages.length
      }
    } catch (error) {
      throw kafkaError(`topic ${name}`, error)
    }
  }

  async close(): Promise<void> {
    await this.#sender?.close()
  }

  *#batches(bad: readonly BadRecord[]): Generator<RawMessage[]> {
    let batch: RawMessage[] = []
    let bytes = 0
    for (const { record, error } of bad) {
      const { keyBytes, value, partition, offset, headerBytes } = record
      const size = (value?.length ?? 0) + (keyBytes?.length ?? 0) + error.length + 500
      if (batch.length > 0 && bytes + size > maxSendBytes) {
        yield batch
        batch = []
        bytes = 0
      }
      const place = { error, topic: this.#topic, partition: String(partition), offset: String(offset) }
      batch.push({ key: keyBytes, value, headers: { ...headerBytes, ...place } })
      bytes += size
    }
    if (batch.length > 0) yield batch
  }
}
