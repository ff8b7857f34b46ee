import { Command } from 'commander'
import { join, relative } from 'node:path'
import { deleteObjects, measureObjects } from '../bucket.ts'
import { deleteDatabase } from '../catalog.ts'
import { writeChart } from '../chart.ts'
import { callersFile, projectRoot } from '../config.ts'
import { crawl, deleteCrawler } from '../crawler.ts'
import { LabError } from '../errors.ts'
import { deleteGroup } from '../group.ts'
import { withAdmin } from '../kafka.ts'
import type { Lab } from '../lab.ts'
import { produce } from '../producer.ts'
import { createBarsView, query } from '../query.ts'
import type { Quote } from '../quote.ts'
import { readQuotes } from '../source.ts'
import { checkHeader } from '../source/csv.ts'
import { sink } from '../sink/sink.ts'
import { createTopic, deleteTopic, describeTopic, listTopics } from '../topic.ts'
import { sleep } from '../wait.ts'
import { bytesText, counted, interruptSignal, LeftOut, printJson, reportError, withLab } from './output.ts'
import { growth } from './pictures.ts'
import { openProgress, type Progress } from './progress.ts'
import { takeTurn } from './turn.ts'

/** What `npm start --silent -- --json` prints. */
interface StartReport {
  events: number
  objects: number
  bytes: number
  table: string
  columns: { name: string; type: string }[]
  rows: number
  symbols: Record<string, { rows: number; maxClose: number }>
  chart: string
  seconds: Record<string, number>
}

interface StartOptions {
  csv: string
  json?: boolean
  yes?: boolean
}

/** `npm start`: the whole path once, from CSV to picture, with the default names and from the beginning; its answers are checked. */
export function startCommand(): Command {
  return new Command('start')
    .description('the whole path: CSV, Kafka, S3, crawler, Athena, chart; starts over with the default names each time')
    .option('--csv <file>', 'any file with the same header; default data/quotes.csv', join(projectRoot, 'data', 'quotes.csv'))
    .option('--json', 'print one report on stdout, progress on stderr')
    .option('--yes', 'delete what stands under the default names outside of the embedded home without asking')
    .action((options: StartOptions) =>
      withLab(async lab => {
        const progress = openProgress(options.json ? process.stderr : process.stdout)
        const signal = interruptSignal()
        const report = await start(lab, { ...options, csv: callersFile(options.csv) }, progress, signal).catch(error => {
          if (!signal.aborted) throw error
          reportError(error)
          process.exit() // without what is still under way
        })
        if (options.json) printJson(report)
        else for (const line of nextSteps(report, lab)) console.log(line)
      }),
    )
}

async function start(lab: Lab, { csv, yes }: StartOptions, progress: Progress, signal: AbortSignal): Promise<StartReport> {
  const { config } = lab
  const seconds: Record<string, number> = {}
  const begin = performance.now()
  const stage = async <T>(name: string, title: string, work: () => Promise<[T, string]>): Promise<T> => {
    const from = performance.now()
    progress.begin(title)
    const [made, text] = await unlessAborted(signal, work())
    seconds[name] = Number(((performance.now() - from) / 1000).toFixed(3))
    progress.end(text)
    return made
  }
  try {
    await checkHeader(csv) // before anything is deleted
    await stage('start', 'start', () => startOver(lab, Boolean(yes)))
    const tally = await stage('produce', `produce  ${relative(process.cwd(), csv) || csv}`, () =>
      produceAll(lab, csv, progress, signal),
    )
    const stored = await stage('sink', 'sink', () => sinkAll(lab, tally.events, progress, signal))
    const found = await stage('crawl', 'crawl', () => crawlAll(lab, progress))
    const answers = await stage('query', 'query', () => ask(lab))
    checkAnswers(tally.symbols, answers)
    const chart = await stage('chart', 'chart', () => draw(lab))
    seconds.total = Number(((performance.now() - begin) / 1000).toFixed(3))
    const rows = Object.values(answers).reduce((sum, { rows }) => sum + rows, 0)
    return {
      events: tally.events,
      ...stored,
      table: `${config.database}.${config.table}`,
      columns: found,
      rows,
      symbols: answers,
      chart,
      seconds,
    }
  } catch (error) {
    progress.fail()
    throw signal.aborted
      ? new LabError('INTERRUPTED', 'npm start: interrupted. Run it again: it starts over.', { cause: error })
      : error
  }
}

/** Ends with the work, or soon after the signal: what is at it has two seconds to end in order, which the sink uses to store what waits. */
async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  work.catch(() => undefined)
  const aborted = new Promise<void>(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
  await Promise.race([work, aborted.then(() => Promise.race([work, sleep(2000)]))])
  signal.throwIfAborted()
  return work
}

/** The default names belong to `npm start`: it empties them, so that a second run gives the same numbers. */
async function startOver(lab: Lab, yes: boolean): Promise<[undefined, string]> {
  const { topic, group, bucket, prefix, database, crawler, kafka, cloud } = lab.config
  const topics = (await listTopics(lab)).filter(name => name === topic || name === `${topic}.dlq`)
  if ((kafka.kind === 'cluster' || cloud.kind !== 'embedded') && !yes) {
    const { objects } = await measureObjects(lab, { bucket, prefix }).catch(() => ({ objects: 0 }))
    const goes = [
      ...topics.map(name => `topic ${name}`),
      `group ${group}`,
      `${objects} objects under s3://${bucket}/${prefix}`,
      `database ${database}`,
      `crawler ${crawler}`,
    ]
    throw new LabError(
      'NEEDS_YES',
      `npm start: starts over and deletes ${goes.join(', ')}. Say \`npm start -- --yes\` if that is meant, or choose other names (LAB_TOPIC, LAB_PREFIX, …).`,
    )
  }
  takeTurn(lab.config.dir)
  for (const name of topics) await deleteTopic(lab, name)
  await deleteGroup(lab, group, { waitMs: 40_000 })
  await deleteObjects(lab, { bucket, prefix })
  await deleteCrawler(lab, crawler)
  await deleteDatabase(lab, database)
  const { partitions } = await createTopic(lab, topic)
  const { brokers } = await withAdmin(lab, 'cluster', admin => admin.describeCluster())
  const where = kafka.kind === 'embedded' ? 'embedded home' : 'Kafka'
  return [
    undefined,
    `${where} at ${brokers.map(({ host, port }) => `${host}:${port}`).join(', ')}; topic ${topic}, ${partitions} partitions`,
  ]
}

interface Tally {
  events: number
  symbols: StartReport['symbols']
}

async function produceAll(lab: Lab, csv: string, progress: Progress, signal: AbortSignal): Promise<[Tally, string]> {
  // Without a prototype: any text can be a symbol, `__proto__` too.
  const tally: Tally = { events: 0, symbols: Object.create(null) }
  const leftOut = new LeftOut(line => progress.note(line))
  const tallied = async function* (): AsyncGenerator<Quote> {
    for await (const quote of readQuotes(csv, { signal, onBadRow: leftOut.add })) {
      const symbol = (tally.symbols[quote.symbol] ??= { rows: 0, maxClose: -Infinity })
      symbol.rows++
      symbol.maxClose = Math.max(symbol.maxClose, quote.close)
      yield quote
    }
  }
  const { sent, perSecond } = await produce(lab, tallied(), { onProgress: sent => progress.update(`${sent} events`) })
  leftOut.end()
  signal.throwIfAborted()
  if (sent === 0) throw new LabError('NO_ROWS', `${csv}: has no row that could be sent. Give a file with quotes in it.`)
  tally.events = sent
  const { partitions } = await describeTopic(lab, lab.config.topic)
  const places = partitions.map(({ partition, start, end }) => `${partition}: ${start}..${end}`).join(', ')
  const bad = leftOut.count > 0 ? `, ${counted(leftOut.count, 'row')} left out` : ''
  return [tally, `${counted(sent, 'event')}${bad}, ${perSecond}/s; offsets of the partitions ${places}`]
}

async function sinkAll(
  lab: Lab,
  events: number,
  progress: Progress,
  signal: AbortSignal,
): Promise<[{ objects: number; bytes: number }, string]> {
  const { records, objects, bytes, location, deadLetters } = await sink(lab, {
    signal,
    onProgress: ({ records }) => progress.update(`${records} of ${events} records`),
  })
  const bad = deadLetters > 0 ? `; ${counted(deadLetters, 'bad event')} in ${lab.config.topic}.dlq` : ''
  return [
    { objects, bytes },
    `${counted(records, 'record')} in ${counted(objects, 'object')}, ${bytesText(bytes)}, under ${location}${bad}`,
  ]
}

async function crawlAll(lab: Lab, progress: Progress): Promise<[StartReport['columns'], string]> {
  const { config } = lab
  const { tables } = await crawl(lab, { onProgress: state => progress.update(`crawler ${state.toLowerCase()}`) })
  const found = tables.find(({ table }) => table === config.table)
  if (!found)
    throw new LabError(
      'NO_TABLE',
      `crawler ${config.crawler}: found no table ${config.table} under s3://${config.bucket}/${config.prefix}. Were events sent? npx tickerlake objects`,
    )
  const names = found.columns.map(({ name, type }) => `${name} ${type}`).join(', ')
  return [found.columns, `table ${config.database}.${found.table}: ${names}; partitions by ${found.partitionKeys.join(', ')}`]
}

async function ask(lab: Lab): Promise<[StartReport['symbols'], string]> {
  const sql = `SELECT symbol, count(*) AS "rows", max(close) AS max_close FROM "${lab.config.table}" GROUP BY symbol ORDER BY symbol`
  const { rows, scannedBytes, ms } = await query<{ symbol: string; rows: number; max_close: number }>(lab, sql)
  const answers = Object.fromEntries(
    rows.map(({ symbol, rows: count, max_close: maxClose }) => [symbol, { rows: count, maxClose }]),
  )
  return [answers, `${counted(rows.length, 'symbol')} in ${ms.total} ms, ${bytesText(scannedBytes)} scanned`]
}

/** Rows and highest close of each symbol, as Athena counts them, must be those of the file. */
function checkAnswers(expected: StartReport['symbols'], answers: StartReport['symbols']): void {
  for (const symbol of new Set([...Object.keys(expected), ...Object.keys(answers)])) {
    const [want, got] = [expected[symbol], answers[symbol]]
    if (want?.rows !== got?.rows || want?.maxClose !== got?.maxClose) {
      const text = (side?: { rows: number; maxClose: number }): string =>
        side ? `${side.rows} rows, highest close ${side.maxClose}` : 'nothing'
      throw new LabError(
        'WRONG_ANSWER',
        `symbol ${symbol}: the file has ${text(want)}, Athena answers ${text(got)}. This is a defect of the lab: please report it.`,
      )
    }
  }
}

async function draw(lab: Lab): Promise<[string, string]> {
  await createBarsView(lab)
  const { file } = await writeChart(join(lab.config.dir, 'charts', 'growth.png'), await growth(lab))
  return [file, file]
}

function nextSteps({ events, rows, symbols, seconds }: StartReport, lab: Lab): string[] {
  const [longest] = Object.entries(symbols).sort(([, a], [, b]) => b.rows - a.rows)[0]
  return [
    '',
    `${counted(events, 'event')} sent, ${counted(rows, 'row')} counted in Athena, the same in each of ${counted(Object.keys(symbols).length, 'symbol')}. ${seconds.total} s.`,
    '',
    'Try next:',
    `  npx tickerlake query "SELECT symbol, max(close) FROM ${lab.config.table} GROUP BY symbol"`,
    `  npx tickerlake chart ${/^[\w.-]+$/.test(longest) ? longest : `'${longest.replaceAll("'", `'\\''`)}'`}`,
    '  npm run notebooks',
  ]
}
