import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { metadata } from '../../../lib/local/broker/apis/03-metadata.ts'
import type { LogConfig } from '../../../lib/local/broker/log/config.ts'
import { Log } from '../../../lib/local/broker/log/log.ts'
import { OpenFiles } from '../../../lib/local/broker/log/open-files.ts'
import { offsetForTimestamp } from '../../../lib/local/broker/log/timestamps.ts'
import { KafkaError } from '../../../lib/local/broker/errors.ts'
import { newTopic } from '../../contract/kafka/steps.ts'
import { frame, Wire } from '../../contract/kafka/wire.ts'
import { mutate, seeds } from './fuzzing.ts'

/** Sends mutated requests, several to a connection, and asks after each batch whether the broker still serves. Answers how many it closed. */
export async function fuzzRequests(port: number, count: number, random: () => number): Promise<{ closed: number }> {
  const target = { host: '127.0.0.1', port }
  const steady = await Wire.open(target)
  await newTopic(steady)
  const from = seeds()
  let closed = 0
  for (let done = 0; done < count;) {
    const lines = await Promise.all(Array.from({ length: 8 }, () => Wire.open(target)))
    for (const wire of lines) {
      for (let i = 0; i < 5 && done < count; i++, done++)
        wire.send(frame(mutate(from[Math.floor(random() * from.length)]!, random)))
    }
    // held joins and fetches do not answer: a moment is enough, then the connections go
    const answers = await Promise.all(lines.map(wire => wire.receive(50)))
    closed += answers.filter(answer => answer === 'closed').length
    for (const wire of lines) wire.close()
    const { brokers } = await steady.call(metadata, 1, { topics: [] })
    if (brokers.length !== 1) throw new Error('the broker no longer serves')
  }
  steady.close()
  return { closed }
}

/** Opens mutated segment files and reads them to the end: only known errors, always an end. */
export async function fuzzSegments(dir: string, count: number, random: () => number, config: LogConfig): Promise<void> {
  const segment = readFileSync(join(import.meta.dirname, '..', '..', 'fixtures', 'kafka', 'segment.log'))
  for (let i = 0; i < count; i++) {
    const folder = join(dir, `fuzz-${i}`)
    mkdirSync(folder)
    writeFileSync(join(folder, '00000000000000000000.log'), mutate(segment, random))
    if (random() < 0.3) writeFileSync(join(folder, '00000000000000000000.index'), mutate(Buffer.alloc(80, 1), random))
    if (random() < 0.3) writeFileSync(join(folder, '00000000000000000000.timeindex'), mutate(Buffer.alloc(120, 1), random))
    const log = new Log({ dir: folder, name: 'fuzz-0', config: () => config, files: new OpenFiles(), log: () => {} })
    readAll(log)
    await offsetForTimestamp(log, 1735689603000).catch(() => {})
    log.files.closeAll()
  }
}

/** From batch to batch, over damage with growing strides. Throws when it does not come to an end, and on errors that are not Kafka's. */
function readAll(log: Log): void {
  let stride = 1
  for (let offset = log.startOffset, steps = 0; offset < log.endOffset; steps++) {
    if (steps > 1000) throw new Error(`reading ${log.dir} does not end`)
    try {
      offset = Math.max(log.read(offset, 2000).nextOffset, offset + 1)
      stride = 1
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error
      offset += stride
      stride *= 2
    }
  }
}
