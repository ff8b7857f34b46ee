import type { Lab } from '../lab.ts'
import { committedOffsets } from './consumer.ts'

/** Asked for less often than this, a group's offsets are taken to be what they were: whoever waits for others need not hurry. */
const askEveryMs = 1000

/** How far a group has come in a topic, for members that wait for each other. */
export class GroupProgress {
  readonly #lab: Lab
  readonly #group: string
  readonly #topic: string
  #committed = new Map<number, number>()
  #due = 0

  constructor(lab: Lab, group: string, topic: string) {
    this.#lab = lab
    this.#group = group
    this.#topic = topic
  }

  /** Whether the group has committed everything before these ends. Asks Kafka once a second at most, and calls `before` each time it will. */
  async hasReached(ends: readonly { partition: number; end: number }[], before?: () => Promise<void>): Promise<boolean> {
    if (performance.now() >= this.#due) {
      await before?.()
      const offsets = await committedOffsets(this.#lab, this.#group, this.#topic)
      this.#committed = new Map(offsets.map(({ partition, offset }) => [partition, offset]))
      this.#due = performance.now() + askEveryMs
    }
    return ends.every(({ partition, end }) => (this.#committed.get(partition) ?? -1) >= end)
  }
}
