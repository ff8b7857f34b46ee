import { join } from 'node:path'
import { stringify } from 'csv-stringify/sync'
import { Command } from 'commander'
import { ensureBucket, listObjects } from '../bucket.ts'
import { describeTable, listTables } from '../catalog.ts'
import { prefixPattern } from '../config.ts'
import { crawl } from '../crawler.ts'
import { LabError } from '../errors.ts'
import { createBarsView, query } from '../query.ts'
import { sink } from '../sink/sink.ts'
import { bytesText, counted, interruptSignal, numberOption, printJson, printTable, withLab } from './output.ts'

/** `sink`, `objects`, `crawl`, `tables`, `query`, `chart`: from the topic to the picture. */
export function lakeCommands(): Command[] {
  return [sinkCommand(), objectsCommand(), crawlCommand(), tablesCommand(), queryCommand(), chartCommand()]
}

/** `trades` means `trades/`: objects and tables lie in folders. */
function prefixOption(text: string): string {
  const prefix = text.endsWith('/') ? text : `${text}/`
  if (prefixPattern.test(prefix)) return prefix
  throw new LabError('OPTION', `--prefix: expected folders such as quotes/ or year/quotes/, got ${JSON.stringify(text)}.`)
}

function sinkCommand(): Command {
  return new Command('sink')
    .description('move the records of a topic into the bucket, each exactly once; ends when caught up')
    .option('--topic <topic>', 'default LAB_TOPIC')
    .option('--group <group>', 'default LAB_GROUP')
    .option('--prefix <prefix>', 'default LAB_PREFIX', prefixOption)
    .option('--max-records <n>', 'in one object; default 10000', numberOption('max-records', { min: 1 }))
    .option('--max-age-ms <n>', 'store what waits after so long; default 60000', numberOption('max-age-ms'))
    .option('--take <n>', 'end after so many records', numberOption('take', { min: 1 }))
    .option('--seconds <n>', 'run so long instead of ending when caught up', numberOption('seconds', { whole: false }))
    .option(
      '--session-timeout-ms <n>',
      'a silent member counts as dead after so long',
      numberOption('session-timeout-ms', { min: 100 }),
    )
    .option('--per-record', "the tutorial's way: one object for each record")
    .option('--json', 'print the report as JSON')
    .action(({ seconds, json, ...options }: { seconds?: number; json?: boolean }) =>
      withLab(async lab => {
        const report = await sink(lab, {
          ...options,
          timeMs: seconds === undefined ? undefined : seconds * 1000,
          signal: interruptSignal(),
        })
        if (json) return printJson(report)
        console.log(
          `Stored ${counted(report.records, 'record')} in ${counted(report.objects, 'object')} (${bytesText(report.bytes)}) under ${report.location}; ended: ${report.ended}.`,
        )
        if (report.records + report.alreadyStored + report.deadLetters === 0)
          console.log(`Nothing was waiting for group ${report.group}: npx tickerlake groups describe ${report.group}`)
        if (report.alreadyStored > 0) console.log(`${report.alreadyStored} records were there already.`)
        if (report.deadLetters > 0)
          console.log(
            `${report.deadLetters} bad events went to ${report.topic}.dlq: npx tickerlake peek ${report.topic}.dlq --json`,
          )
        for (const { partition, start, end } of report.lost)
          console.log(`Lost before anyone read them (retention): partition ${partition}, offsets ${start} to ${end - 1}.`)
      }),
    )
}

function objectsCommand(): Command {
  return new Command('objects')
    .description('list the objects below a prefix')
    .option('--prefix <prefix>', 'default LAB_PREFIX')
    .option('--bucket <bucket>', 'default LAB_BUCKET')
    .action((place: { prefix?: string; bucket?: string }) =>
      withLab(async lab => {
        let [objects, bytes] = [0, 0]
        for await (const { key, sizeBytes } of listObjects(lab, place)) {
          console.log(`${String(sizeBytes).padStart(12)}  ${key}`)
          objects++
          bytes += sizeBytes
        }
        console.log(`${counted(objects, 'object')}, ${bytesText(bytes)}`)
      }),
    )
}

function crawlCommand(): Command {
  return new Command('crawl')
    .description('let the Glue crawler find the tables below a prefix')
    .option('--prefix <prefix>', 'default LAB_PREFIX', prefixOption)
    .option('--database <database>', 'default LAB_DATABASE')
    .option('--crawler <crawler>', 'default LAB_CRAWLER')
    .option('--split', "Glue's own defaults, which make several tables of what looks different")
    .option('--json', 'print the report as JSON')
    .action(({ split, json, ...options }: { split?: boolean; json?: boolean }) =>
      withLab(async lab => {
        const report = await crawl(lab, { ...options, oneTable: !split })
        if (json) return printJson(report)
        if (report.tables.length === 0)
          console.log(`Crawler ${report.crawler} found no table. Are there objects? npx tickerlake objects`)
        for (const { table, change, columns, partitionKeys } of report.tables) {
          console.log(
            `${report.database}.${table} (${change}): ${columns.map(({ name, type }) => `${name} ${type}`).join(', ')}; partitions by ${partitionKeys.join(', ') || 'nothing'}`,
          )
        }
      }),
    )
}

function tablesCommand(): Command {
  return new Command('tables')
    .description('list the tables of the catalog, or describe one')
    .argument('[table]')
    .option('--database <database>', 'default LAB_DATABASE')
    .action((table: string | undefined, { database }: { database?: string }) =>
      withLab(async lab => {
        if (!table) return printTable(await listTables(lab, database), ['table', 'kind', 'classification', 'location'])
        const { columns, partitionKeys } = await describeTable(lab, table, database)
        printTable(
          [...columns, ...partitionKeys.map(({ name, type }) => ({ name, type: `${type} (partition)` }))],
          ['name', 'type'],
        )
      }),
    )
}

function queryCommand(): Command {
  return new Command('query')
    .description('ask Athena: npx tickerlake query "SELECT symbol, count(*) FROM quotes GROUP BY symbol"')
    .argument('<sql>')
    .option('--database <database>', 'default LAB_DATABASE')
    .option('--csv', 'rows as CSV')
    .option('--json', 'rows as JSON')
    .action((sql: string, { csv, json, ...options }: { csv?: boolean; json?: boolean; database?: string }) =>
      withLab(async lab => {
        if (lab.config.cloud.kind !== 'aws') await ensureBucket(lab) // Athena wants a place for its results
        const { rows, columns, scannedBytes, ms, truncated, output } = await query(lab, sql, {
          ...options,
          signal: interruptSignal(),
        })
        const names = columns.map(({ name }) => name)
        if (json) printJson(rows)
        else if (csv)
          process.stdout.write(stringify(rows, { header: true, columns: names, cast: { bigint: String, boolean: String } }))
        else if (names.length > 0) printTable(rows, names)
        if (truncated) console.error(`Only the first ${rows.length} rows; all of them are in ${output}`)
        if (!json && !csv) console.error(`${counted(rows.length, 'row')}, ${bytesText(scannedBytes)} scanned, ${ms.total} ms`)
      }),
    )
}

function chartCommand(): Command {
  return new Command('chart')
    .description("draw one index's last candles, or how all of them have grown, and say where the picture is")
    .argument('[symbol]', 'such as NYA; default all')
    .option('--days <n>', 'candles to draw', numberOption('days', { min: 2 }), 120)
    .option('--out <file>', 'default: in LAB_DIR/charts')
    .action((symbol: string | undefined, { days, out }: { days: number; out?: string }) =>
      withLab(async lab => {
        const { candles, growth } = await import('./pictures.ts')
        const { writeChart } = await import('../chart.ts')
        await createBarsView(lab)
        const figure = symbol ? await candles(lab, symbol, days) : await growth(lab)
        if (figure.rows.length === 0)
          throw new LabError(
            'NO_DATA',
            `symbol ${symbol}: there are no quotes of it. See: npx tickerlake query "SELECT DISTINCT symbol FROM quotes"`,
          )
        const name = symbol ? `${symbol.replace(/[^A-Za-z0-9.-]/g, '_')}.png` : 'growth.png'
        console.log((await writeChart(out ?? join(lab.config.dir, 'charts', name), figure)).file)
      }),
    )
}
