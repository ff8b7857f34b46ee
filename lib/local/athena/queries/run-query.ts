import { runDdl, type CatalogStatement } from '../ddl/run.ts'
import type { DdlResult } from '../ddl/tools.ts'
import type { Catalog } from '../../glue/catalog.ts'
import type { Storage } from '../../s3/storage.ts'
import { createTableAs } from './create-table-as.ts'
import type { QueryEngine, Session } from './engine.ts'
import { currentDatabase, type Execution } from './execution.ts'
import { runExplain } from './explain.ts'
import { insertInto, unload } from './insert.ts'
import type { Outcome } from './outcome.ts'
import { APPLICATION, BINARY, putMetadata, putResult, resultPlace } from './outputs.ts'
import { ddlTools, type PlannedQuery } from './query.ts'
import { runSelect } from './select.ts'
import type { StatementRun } from './statement-run.ts'

export interface RunOptions {
  engine: QueryEngine
  catalog: Catalog
  storage: Storage
  signal: AbortSignal
  cutoff?: number | undefined
  now: Date
  onStart: () => void
  /** PREPARE and DEALLOCATE work on the work group's statements. */
  prepare: (name: string, sql: string) => void
  deallocate: (name: string) => boolean
}

/** Runs a planned query to its result objects. @throws what makes it FAILED */
export async function runQuery(execution: Execution, planned: PlannedQuery, options: RunOptions): Promise<Outcome> {
  if (planned.error !== undefined) throw planned.error
  const { statement, translated } = planned
  const place = resultPlace(options.storage, execution.outputLocation)
  if (statement.kind === 'prepare' || statement.kind === 'deallocate') {
    options.onStart()
    if (statement.kind === 'prepare')
      options.prepare(statement.name, planned.sql.slice(statement.query.start, statement.query.end))
    else options.deallocate(statement.name)
    await putResult(place, '', BINARY)
    return { result: { format: 'lines', columns: [] }, scannedBytes: 0 }
  }
  if (!translated || statement.kind === 'create view') return runOnCatalog(execution, planned, options)
  return options.engine.use({ ...options, id: execution.id }, session => {
    const { sql } = planned
    const { id, outputLocation } = execution
    const run: StatementRun = { ...options, session, sql, database: currentDatabase(execution.database), place, outputLocation }
    return runInProcess(id, planned, run, session)
  })
}

function runInProcess(
  id: string,
  { statement, translated }: PlannedQuery,
  run: StatementRun,
  session: Session,
): Promise<Outcome> {
  switch (statement.kind) {
    case 'create table as':
      return createTableAs(run, statement, translated!)
    case 'insert':
      return insertInto(run, statement, translated!)
    case 'unload':
      return unload(run, statement, translated!)
    case 'explain':
      return runExplain(run, statement, translated!)
    default:
      return runSelect(session, translated!, { id, place: run.place, sql: run.sql, now: run.now })
  }
}

async function runOnCatalog(
  execution: Execution,
  { statement, sql, translated }: PlannedQuery,
  options: RunOptions,
): Promise<Outcome> {
  options.onStart()
  const tools = ddlTools(sql, { ...options, database: currentDatabase(execution.database) }, translated)
  const result = await runDdl(tools, statement as CatalogStatement)
  await putLines(execution, result, options.storage)
  const { columns, updateCount } = result
  return { result: { format: 'lines', columns, ...(updateCount !== undefined && { updateCount }) }, scannedBytes: 0 }
}

/** On AWS the content type follows from the metadata: what has plain metadata is an application's, all else binary. */
async function putLines(
  { id, outputLocation }: Execution,
  { lines, columns, updateCount, metadata }: DdlResult,
  storage: Storage,
): Promise<void> {
  const place = resultPlace(storage, outputLocation)
  const type = metadata !== undefined && updateCount === undefined ? APPLICATION : BINARY
  await putResult(place, lines.join('\n'), type)
  if (metadata) await putMetadata(place, { id, columns: metadata === 'columns' ? columns : [] }, type)
}
