import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { crawl } from '../../../lib/crawler.ts'
import type { Lab } from '../../../lib/lab.ts'
import { produce } from '../../../lib/producer.ts'
import { query } from '../../../lib/query.ts'
import { sink, type SinkReport } from '../../../lib/sink/sink.ts'
import { mulberry32 } from '../../../lib/source.ts'
import { createTopic } from '../../../lib/topic.ts'
import { sleep } from '../../../lib/wait.ts'
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
  const sinks: ChildProcess[] = [startSink(lab), startSink(lab)]
  const flowing = new AbortController()
  const sent = produce(lab, paced(records, flowing.signal), { batchSize: 100 })
  let done = 0
  for (; done < kills; done++) {
    await sleep(200 + random() * 1500)
    const victim = Math.floor(random() * sinks.length)
    const gone = new Promise(resolve => sinks[victim].once('exit', resolve))
    sinks[victim].kill('SIGKILL')
    await gone
    sinks[victim] = startSink(lab)
  }
  flowing.abort() // no more pauses: the rest as fast as it goes
  await sent
  for (const running of sinks) {
    const gone = new Promise(resolve => running.once('exit', resolve))
    running.kill('SIGKILL')
    await gone
  }
  const last = await sink(lab, { sessionTimeoutMs: 1500 })
  await crawl(lab)
  const { rows } = await query<{ total: number; different: number }>(
    lab,
    'SELECT count(*) AS total, count(DISTINCT open) AS different FROM quotes',
  )
  return { kills: done, rows: rows[0].total, distinct: rows[0].different, last }
}

/** Records all along the kills: pauses until `hurry`. */
async function* paced(records: number, hurry: AbortSignal) {
  let at = 0
  for (const quote of someQuotes(records)) {
    if (++at % 100 === 0 && !hurry.aborted) await sleep(50, hurry).catch(() => undefined)
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
