import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { ensureBucket, measureObjects } from '../../../lib/bucket.ts'
import { crawl } from '../../../lib/crawler.ts'
import type { Lab } from '../../../lib/lab.ts'
import { produce } from '../../../lib/producer.ts'
import { query } from '../../../lib/query.ts'
import { sink, type SinkReport } from '../../../lib/sink/sink.ts'
import { mulberry32 } from '../../../lib/source.ts'
import { createTopic } from '../../../lib/topic.ts'
import { sleep, waitFor } from '../../../lib/wait.ts'
import { someQuotes } from '../../helpers/quotes.ts'

const cli = join(import.meta.dirname, '..', '..', '..', 'lib', 'cli.ts')

export interface KillReport {
  kills: number
  rows: number
  distinct: number
  last: SinkReport
}

/** While records flow and two sinks run as processes, kills one of them (-9) at a seeded random moment and starts it again, `kills` times; then lets one
 *  sink catch up, crawls, and counts in SQL. The home must allow short sessions (`group.min.session.timeout.ms`). */
export async function killSinks(
  lab: Lab,
  { kills, records, seed }: { kills: number; records: number; seed: number },
): Promise<KillReport> {
  const random = mulberry32(seed)
  await createTopic(lab, lab.config.topic)
  await ensureBucket(lab)
  const sinks: ChildProcess[] = [startSink(lab), startSink(lab)]
  let done = 0
  const sent = produce(
    lab,
    paced(records, () => (done + 1) / kills),
    { batchSize: 100 },
  )
  for (; done < kills; done++) {
    const before = (await measureObjects(lab)).objects
    await waitFor('objects of the sinks', async () => (await measureObjects(lab)).objects > before)
    await sleep(random() * 1000)
    const victim = Math.floor(random() * sinks.length)
    await kill(sinks[victim])
    sinks[victim] = startSink(lab)
  }
  await sent
  for (const running of sinks) await kill(running)
  const last = await sink(lab, { sessionTimeoutMs: 1500 })
  await crawl(lab)
  const { rows } = await query<{ total: number; different: number }>(
    lab,
    'SELECT count(*) AS total, count(DISTINCT open) AS different FROM quotes',
  )
  return { kills: done, rows: rows[0].total, distinct: rows[0].different, last }
}

/** Kills a sink that must still be running: one that ended by itself has failed. */
async function kill(running: ChildProcess): Promise<void> {
  if (running.exitCode !== null) throw new Error(`a sink ended by itself with ${running.exitCode}`)
  const gone = new Promise(resolve => running.once('exit', (_, signal) => resolve(signal)))
  running.kill('SIGKILL')
  const signal = await gone
  if (signal !== 'SIGKILL') throw new Error(`a sink ended by itself while it was killed: ${signal}`)
}

/** Records as long as there are kills: the share that was sent follows the share of kills. */
async function* paced(records: number, share: () => number) {
  let at = 0
  for (const quote of someQuotes(records)) {
    while (at / records >= share() && share() < 1) await sleep(20)
    at++
    yield quote
  }
}

function startSink({ config }: Lab): ChildProcess {
  const { dir, topic, group, bucket, prefix } = config
  const env = {
    ...process.env,
    LAB_KAFKA: 'embedded',
    LAB_CLOUD: 'embedded',
    LAB_DIR: dir,
    LAB_TOPIC: topic,
    LAB_GROUP: group,
    LAB_BUCKET: bucket,
    LAB_PREFIX: prefix,
  }
  const options = ['sink', '--seconds', '600', '--max-records', '150', '--max-age-ms', '300', '--session-timeout-ms', '1500']
  return spawn(process.execPath, ['--disable-warning=ExperimentalWarning', cli, ...options], { env, stdio: 'ignore' })
}
