import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api'
import { setup } from '../sql/prelude/setup.ts'
import { quoteText } from '../sql/types/types.ts'
import type { ChildOptions, FromChild, Run, ToChild } from './messages.ts'

/** A query that leaves the process larger than this was its last, so that one heavy query does not make all later ones poorer. */
const KEEP_BELOW_BYTES = 700 * 1024 * 1024

interface Engine {
  instance: DuckDBInstance
  connection: DuckDBConnection
  folders: string
}

/** The query process: one DuckDB behind a message port. It knows nothing of catalogs and buckets, and it ends with its parent. */
function main(): void {
  const options = JSON.parse(process.argv[2]!) as ChildOptions
  let engine: Promise<Engine> | undefined
  let queue = Promise.resolve()
  const ensure = async (folders: string[]): Promise<Engine> => {
    const current = await engine?.catch(() => undefined)
    if (current?.folders === folders.join('\n')) return current
    current?.connection.closeSync()
    current?.instance.closeSync()
    engine = open(options, folders)
    return engine
  }
  // Not process.exit(): that would wait for the threads of a query that is running.
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
  process.on('message', (message: ToChild) => {
    if (message.kind === 'interrupt') void engine?.then(({ connection }) => connection.interrupt())
    else
      queue = queue.then(async () => {
        const result = await answer(message, ensure)
        send({ ...result, id: message.id, last: process.memoryUsage.rss() > KEEP_BELOW_BYTES })
      })
  })
  void ensure([]).then(() => send({ kind: 'ready' }))
}

const send = (message: FromChild) => void process.send?.(message)

type Result = { kind: 'done'; rows: unknown[][][] } | { kind: 'failed'; message: string }

async function answer(run: Run, ensure: (folders: string[]) => Promise<Engine>): Promise<Result> {
  try {
    const { connection } = await ensure(run.folders)
    const rows: unknown[][][] = []
    try {
      for (const statement of run.statements) rows.push((await connection.runAndReadAll(statement)).getRowsJson())
    } finally {
      await dropViews(connection)
    }
    return { kind: 'done', rows }
  } catch (error) {
    return { kind: 'failed', message: error instanceof Error ? error.message : String(error) }
  }
}

async function dropViews(connection: DuckDBConnection): Promise<void> {
  const views = await connection.runAndReadAll('SELECT view_name FROM duckdb_views() WHERE temporary AND NOT internal')
  for (const [name] of views.getRowsJson()) await connection.run(`DROP VIEW IF EXISTS "${String(name)}"`)
}

/** Functions first, then the lock: afterwards no statement can reach a file outside of `folders`, the network, an extension or a setting. */
async function open({ memoryLimit, threads, spillDir }: ChildOptions, folders: string[]): Promise<Engine> {
  const instance = await DuckDBInstance.create(':memory:', { memory_limit: memoryLimit, threads: String(threads) })
  const connection = await instance.connect()
  await setup(connection)
  const allowed = folders.map(quoteText).join(', ')
  for (const setting of [
    `temp_directory = ${quoteText(spillDir)}`,
    `allowed_directories = [${allowed}]`,
    'autoinstall_known_extensions = false',
    'autoload_known_extensions = false',
    'enable_external_access = false',
    'lock_configuration = true',
  ])
    await connection.run(`SET ${setting}`)
  return { instance, connection, folders: folders.join('\n') }
}

main()
