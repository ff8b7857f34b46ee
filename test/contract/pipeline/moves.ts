import { expect } from 'vitest'
import { resetGroup } from '../../../lib/group.ts'
import { withAdmin } from '../../../lib/kafka.ts'
import type { Lab } from '../../../lib/lab.ts'
import { produce } from '../../../lib/producer.ts'
import { sink } from '../../../lib/sink/sink.ts'
import { mulberry32 } from '../../../lib/source.ts'
import { createTopic } from '../../../lib/topic.ts'
import { someQuotes } from '../../helpers/quotes.ts'
import { sorted, stored, upTo } from './stored.ts'

const records = 60

/** Seeded disorder: sinks of all batch sizes end anywhere, offsets are moved to and fro, a partition is added. In the end a sink that begins at the
 *  beginning must leave every record in the bucket once. */
export async function moveOffsets(lab: Lab, { steps, seed }: { steps: number; seed: number }): Promise<void> {
  const { topic, group } = lab.config
  const random = mulberry32(seed)
  const upToRandom = (most: number): number => Math.floor(random() * (most + 1))
  const told: string[] = []
  const sinkSome = async (): Promise<void> => {
    const batch = { take: 1 + upToRandom(14), maxRecords: 1 + upToRandom(9), maxBytes: 200 + upToRandom(3000) }
    told.push(`take ${batch.take}, maxRecords ${batch.maxRecords}`)
    await sink(lab, batch)
  }
  await createTopic(lab, topic, { partitions: 1 })
  await produce(lab, someQuotes(records))
  for (let step = 0; step < steps; step++) {
    const offset = upToRandom(records)
    told.push(`to offset ${offset}`)
    await resetGroup(lab, group, topic, offset)
    for (let run = upToRandom(2); run >= 0; run--) await sinkSome()
    if (step === Math.floor(steps / 2)) {
      await withAdmin(lab, topic, admin => admin.createPartitions({ topicPartitions: [{ topic, count: 2 }] }))
      await produce(lab, someQuotes(records, records))
    }
  }
  for (let run = 0; run < 2; run++) {
    await resetGroup(lab, group, topic, 'earliest')
    await sink(lab, { maxRecords: 1 + upToRandom(50) })
  }
  expect(sorted(await stored(lab)), `seed ${seed}: ${told.join('; ')}`).toEqual(upTo(2 * records))
}
