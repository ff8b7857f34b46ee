import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api'
import { setup } from '../../../../lib/local/athena/sql/prelude/setup.ts'
import { runtimeError } from '../../../../lib/local/athena/sql/runtime-error.ts'
import {
  QueryError,
  translate,
  type TableShape,
  type TranslateContext,
  type Translated,
} from '../../../../lib/local/athena/sql/translate.ts'
import { athenaTypeName } from '../../../../lib/local/athena/sql/types/types.ts'
import { quotes } from '../../../fixtures/athena/quotes.ts'

const TEXTS = ['index', 'date', 'dt']
const COLUMNS = ['index', 'date', 'open', 'high', 'low', 'close', 'adj_close', 'volume', 'closeusd', 'dt']

/** The quotes table as the catalog would describe it. */
export const QUOTES: TableShape = {
  columns: COLUMNS.map(name => ({
    name,
    type: TEXTS.includes(name) ? 'string' : name === 'volume' ? 'bigint' : 'double',
    partition: name === 'dt',
  })),
  hidden: [{ name: '$path', type: 'string' }],
}

export const context: TranslateContext = {
  database: 'stocks',
  hasDatabase: database => database === 'stocks',
  table: (database, table) => (database === 'stocks' && table === 'stockmarket_project' ? QUOTES : undefined),
}

export interface Answer {
  columns: { name: string; type: string }[]
  rows: (string | null)[][]
}

export interface Engine {
  /** Translates and runs one query; throws QueryError. */
  ask(sql: string): Promise<Answer>
  translate(sql: string): Translated
  connection: DuckDBConnection
  close(): void
}

/** DuckDB in memory with the prelude and the quotes table. */
export async function openEngine(): Promise<Engine> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '1GB' })
  const connection = await instance.connect()
  await setup(connection)
  const literal = (value: unknown) => (value === null ? 'NULL' : typeof value === 'string' ? `'${value}'` : String(value))
  const rows = quotes().map(quote => `(${COLUMNS.map(name => literal(quote[name as 'index'])).join(',')})`)
  const typed = QUOTES.columns.map(({ name, type }) => `CAST("${name}" AS ${type === 'string' ? 'VARCHAR' : type}) AS "${name}"`)
  await connection.run(
    `CREATE TABLE quotes AS SELECT ${typed.join(', ')}, 's3://b/k' AS "$path" FROM (VALUES ${rows.join(',')}) AS t(${COLUMNS.map(name => `"${name}"`).join(',')})`,
  )
  return {
    connection,
    translate: sql => translate(sql, context),
    ask: async sql => {
      const translated = translate(sql, context)
      for (const scan of translated.scans)
        await connection.run(`CREATE OR REPLACE TEMP VIEW ${scan.name} AS SELECT * FROM quotes`)
      return run(connection, translated)
    },
    close: () => {
      connection.closeSync()
      instance.closeSync()
    },
  }
}

async function run(connection: DuckDBConnection, { text, columns }: Translated): Promise<Answer> {
  try {
    const rows = (await connection.runAndReadAll(text)).getRows() as (string | null)[][]
    return { columns: columns.map(({ name, type }) => ({ name, type: athenaTypeName(type) })), rows }
  } catch (error) {
    throw error instanceof QueryError ? error : runtimeError((error as Error).message)
  }
}
