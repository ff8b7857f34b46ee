/**
 * Crawls objects as the pipeline writes them and prints time, memory and how long the event loop was held up. No peer stands beside it: no other free
 * emulator's crawler reads the objects. `node test/bench/crawl.ts [objects] [records in each]`; default 10,000 of 20.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { gzipSync } from 'node:zlib'
import { openGlueHome } from '../local/glue/glueHome.ts'

const quote = (at: number): string =>
  `{"symbol":"S${at % 13}","trade_date":"2021-05-27","open":${at}.5,"high":1.0,"low":1.0,"close":1.0,"adj_close":1.0,"volume":0.0,"close_usd":1.0,"event_time":"2026-01-13T12:00:00.000Z"}\n`

async function main(objects: number, records: number): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'tickerlake-bench-'))
  const home = await openGlueHome({ dir })
  home.makeBucket('lab')
  const body = gzipSync(Array.from({ length: records }, (_, at) => quote(at)).join(''))
  for (let at = 0; at < objects; at += 1) {
    await home.storage.put(
      'lab',
      `quotes/dt=2026-01-${10 + (at % 20)}/stock-quotes+0+${String(at).padStart(20, '0')}.json.gz`,
      body,
    )
  }
  await home.call('CreateDatabase', { DatabaseInput: { Name: 'lab' } })
  await home.call('CreateCrawler', {
    Name: 'c',
    Role: 'r',
    DatabaseName: 'lab',
    Targets: { S3Targets: [{ Path: 's3://lab/quotes/' }] },
  })
  for (let run = 1; run <= 3; run += 1) {
    const before = process.memoryUsage().rss
    let peak = before
    const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 10)
    const delay = monitorEventLoopDelay({ resolution: 5 })
    delay.enable()
    const start = performance.now()
    await home.crawl('c')
    const ms = Math.round(performance.now() - start)
    clearInterval(watch)
    delay.disable()
    const held = `${Math.round(delay.max / 1e6)} ms at most, ${Math.round(delay.percentile(99) / 1e6)} ms at p99`
    console.log(`crawl ${run}: ${objects} objects in ${ms} ms, ${(peak - before) >> 20} MB added, event loop held up ${held}`)
  }
  const { Parameters } = home.catalog.getTable('lab', 'quotes')
  console.log(
    `table quotes: ${Parameters!.objectCount} objects, ${Parameters!.recordCount} records, ${home.catalog.listPartitions('lab', 'quotes').length} partitions`,
  )
  await home.close()
  rmSync(dir, { recursive: true, force: true })
}

await main(Number(process.argv[2] ?? 10_000), Number(process.argv[3] ?? 20))
