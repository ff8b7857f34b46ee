import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { tmpdir } from 'node:os'
import { gzipSync } from 'node:zlib'
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api'
import {
  AthenaClient,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  StartQueryExecutionCommand,
} from '@aws-sdk/client-athena'
import { startLocalStack } from '../../lib/local/index.ts'
import { openStorage } from '../../lib/local/s3/storage.ts'

/** Athena beside raw DuckDB on the same objects: `node test/bench/athena.ts [rows]`. Medians of 5, first runs left out. Raw DuckDB is told the types
 *  (`read_json` with columns), which silently turns 1.5 into 2 for a bigint; ours must fail then. */
const ROWS = Number(process.argv[2] ?? 1_000_000)
const OBJECTS = 20
const RUNS = 5
const SYMBOLS = [
  'NYA',
  'IXIC',
  'HSI',
  '000001.SS',
  'GSPTSE',
  '399001.SZ',
  'NSEI',
  'GDAXI',
  'SSMI',
  'TWII',
  'J203.JO',
  'N225',
  'N100',
]
const HIVE =
  'symbol string, trade_date string, open double, high double, low double, close double, adj_close double, volume bigint, close_usd double'
const QUESTIONS: Record<string, string> = {
  count: 'SELECT count(*) FROM T',
  'group by': 'SELECT symbol, avg(close), sum(volume) FROM T GROUP BY symbol',
  window: 'SELECT max(d) FROM (SELECT close - lag(close) OVER (PARTITION BY symbol ORDER BY trade_date, volume) AS d FROM T) x',
  'top 10': 'SELECT symbol, trade_date, close, volume FROM T ORDER BY close DESC, volume LIMIT 10',
}

function* lines(count: number, seed: number): Generator<string> {
  let state = seed
  const random = () => (state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff) / 0x7fffffff
  for (let i = 0; i < count; i++) {
    const open = Math.round(random() * 1e6) / 100
    const day = new Date(Date.UTC(1990, 0, 1 + ((i * 7 + seed) % 12_000))).toISOString().slice(0, 10)
    const price = (factor: number) => Math.round(open * factor * 100) / 100
    const row = {
      symbol: SYMBOLS[i % 13],
      trade_date: day,
      open,
      high: price(1.01),
      low: price(0.99),
      close: price(1 + random() / 50),
      adj_close: open,
      volume: Math.floor(random() * 5e9),
      close_usd: price(0.13),
    }
    yield JSON.stringify(row)
  }
}

const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1]!

/** Medians of several things that are run in turn, so that what else the machine does falls on all of them. */
async function timed(...runs: (() => Promise<unknown>)[]): Promise<number[]> {
  const times: number[][] = runs.map(() => [])
  for (let round = 0; round <= RUNS; round++)
    for (const [i, run] of runs.entries()) {
      const start = performance.now()
      await run()
      if (round > 0) times[i]!.push(performance.now() - start)
    }
  return times.map(median)
}

async function prepare(dir: string, raw: DuckDBConnection): Promise<Record<string, string[]>> {
  const storage = await openStorage({ dir: join(dir, 's3') })
  await storage.store.createBucket('bench')
  const paths: Record<string, string[]> = { ndjson: [], parquet: [] }
  for (let i = 0; i < OBJECTS; i++) {
    const body = gzipSync([...lines(ROWS / OBJECTS, i + 1)].join('\n') + '\n')
    paths.ndjson!.push((await storage.put('bench', `ndjson/part-${i}.json.gz`, body)).path)
    const file = join(dir, 'part.parquet')
    await raw.run(`COPY (SELECT * FROM ${ndjson([paths.ndjson![i]!])}) TO '${file}' (FORMAT parquet)`)
    paths.parquet!.push((await storage.putFile('bench', `parquet/part-${i}.parquet`, file)).path)
  }
  await storage.close()
  return paths
}

const list = (paths: string[]) => `[${paths.map(path => `'${path}'`).join(', ')}]`
const ndjson = (paths: string[]) => {
  const columns = HIVE.replaceAll(
    /(\w+) (\w+)/g,
    (_, name: string, type: string) => `${name}: '${type === 'string' ? 'VARCHAR' : type}'`,
  )
  return `read_json(${list(paths)}, columns={${columns}}, format='newline_delimited', compression='gzip')`
}

async function ask(athena: AthenaClient, sql: string): Promise<void> {
  const { QueryExecutionId } = await athena.send(
    new StartQueryExecutionCommand({
      QueryString: sql,
      QueryExecutionContext: { Database: 'bench' },
      ResultConfiguration: { OutputLocation: 's3://bench/results/' },
    }),
  )
  for (;;) {
    const { Status } = (await athena.send(new GetQueryExecutionCommand({ QueryExecutionId }))).QueryExecution!
    if (Status!.State === 'SUCCEEDED') break
    if (Status!.State === 'FAILED') throw new Error(Status!.StateChangeReason)
    await new Promise(resolve => setTimeout(resolve, 2))
  }
  let NextToken: string | undefined
  do ({ NextToken } = await athena.send(new GetQueryResultsCommand({ QueryExecutionId, NextToken })))
  while (NextToken)
}

async function main(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'bench-athena-'))
  const raw = await (await DuckDBInstance.create(':memory:', { memory_limit: '1GB' })).connect()
  const paths = await prepare(dir, raw)
  const stack = await startLocalStack({ dir, port: 0, kafkaPort: 0 })
  const { endpoint, region, accessKeyId, secretAccessKey } = stack
  const athena = new AthenaClient({ endpoint, region, credentials: { accessKeyId, secretAccessKey } })
  try {
    await ask(athena, 'CREATE DATABASE bench')
    await ask(
      athena,
      `CREATE EXTERNAL TABLE ndjson (${HIVE}) ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION 's3://bench/ndjson/'`,
    )
    await ask(athena, `CREATE EXTERNAL TABLE parquet (${HIVE}) STORED AS PARQUET LOCATION 's3://bench/parquet/'`)
    console.log(`${ROWS} rows in ${OBJECTS} objects; ms, median of ${RUNS}`)
    for (const [table, source] of Object.entries({
      ndjson: ndjson(paths.ndjson!),
      parquet: `read_parquet(${list(paths.parquet!)})`,
    })) {
      for (const [name, sql] of Object.entries(QUESTIONS)) {
        const [alone = 0, ours = 0] = await timed(
          () => raw.runAndReadAll(sql.replace('FROM T', `FROM ${source}`)),
          () => ask(athena, sql.replace('FROM T', `FROM ${table}`)),
        )
        console.log(
          `${table.padEnd(8)} ${name.padEnd(9)} DuckDB ${alone.toFixed(0).padStart(6)}  Athena here ${ours.toFixed(0).padStart(6)}  x${(ours / alone).toFixed(2)}  +${(ours - alone).toFixed(0)}`,
        )
      }
    }
    const [trivial = 0] = await timed(() => ask(athena, 'SELECT 1 + 1'))
    console.log(`trivial query ${trivial.toFixed(1)}`)
    const rows = 'SELECT symbol, trade_date, close, volume FROM parquet LIMIT 100000'
    const [paged = 0] = await timed(() => ask(athena, rows))
    console.log(`100,000 rows to the last page ${paged.toFixed(0)}`)
  } finally {
    athena.destroy()
    await stack.close()
    rmSync(dir, { recursive: true, force: true })
  }
}

await main()
