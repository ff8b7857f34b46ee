import type { Catalog } from '../../glue/catalog.ts'
import { place, skipBlanks } from '../ddl/cursor.ts'
import { describable } from '../ddl/describe.ts'
import { parseStatement } from '../ddl/parse.ts'
import type { InnerQuery, Statement } from '../ddl/statement.ts'
import type { DdlTools } from '../ddl/tools.ts'
import { QueryError } from '../sql/error.ts'
import { hiveTypeName, typeName } from '../sql/types/types.ts'
import type { Translated } from '../sql/translate.ts'
import type { Storage } from '../../s3/storage.ts'
import { functionsQuery } from './show-functions.ts'
import { translateQuery } from './translate-query.ts'
import type { Translator } from './translator.ts'

/** A statement that was read and, where it holds a query, translated. `error`: what will make it FAILED. */
export interface PlannedQuery {
  statement: Statement
  /** The text that positions count in: the statement itself, or the prepared one of an EXECUTE. */
  sql: string
  translated?: Translated | undefined
  error?: unknown
}

export interface PlanOptions {
  catalog: Catalog
  translator: Translator
  storage: Storage
  database: string
  /** For `?`, as expressions. */
  parameters?: string[] | undefined
  now: Date
  /** Text of a prepared statement; undefined when there is none of that name. */
  prepared: (name: string) => string | undefined
}

/** Reads a statement. Syntax errors and missing tables of DESCRIBE are thrown at once, as StartQueryExecution answers them; what is wrong otherwise
 *  is kept for the query's state. @throws QueryError (synchronous), ServiceError */
export async function planQuery(sql: string, options: PlanOptions): Promise<PlannedQuery> {
  const statement = parseStatement(sql)
  if (statement.kind === 'execute') return planExecute(sql, statement, options)
  if (statement.kind === 'describe' || statement.kind === 'show columns') describable(ddlTools(sql, options), statement.name)
  if (statement.kind === 'show functions') {
    const text = functionsQuery(statement.like)
    return {
      statement,
      sql,
      translated: await options.translator.translate(
        { sql: text, start: 0, end: text.length },
        { ...options, parameters: undefined },
      ),
    }
  }
  const inner = innerQuery(sql, statement)
  if (!inner) return { statement, sql }
  try {
    return { statement, sql, translated: await options.translator.translate({ sql, ...inner }, options) }
  } catch (error) {
    if (error instanceof QueryError && error.synchronous) throw error
    return { statement, sql, error }
  }
}

/** The query that a statement holds; none for those that work on the catalog alone. */
function innerQuery(sql: string, statement: Statement): InnerQuery | undefined {
  if (statement.kind === 'query') return { start: 0, end: sql.length }
  if (statement.kind === 'prepare') return undefined
  return 'query' in statement ? statement.query : undefined
}

async function planExecute(
  sql: string,
  statement: Extract<Statement, { kind: 'execute' }>,
  options: PlanOptions,
): Promise<PlannedQuery> {
  const text = options.prepared(statement.name)
  if (text === undefined)
    return { statement, sql, error: new QueryError('NOT_FOUND', `Prepared statement not found: ${statement.name}`) }
  const parameters = statement.parameters.length > 0 ? statement.parameters : options.parameters
  try {
    const planned = await planQuery(text, { ...options, parameters: parameters ?? [] })
    if (planned.error instanceof QueryError && planned.error.code === 'INVALID_PARAMETER_USAGE') throw atStart(planned.error, sql)
    return planned.statement.kind === 'execute'
      ? { statement, sql, error: new QueryError('NOT_SUPPORTED', 'Invalid statement type for prepared statement: EXECUTE') }
      : planned
  } catch (error) {
    return { statement, sql, error }
  }
}

/** What is wrong with an EXECUTE itself is told at its own beginning, not at a place of the prepared text. */
const atStart = ({ code, message }: QueryError, sql: string) =>
  new QueryError(code, message.replace(/^line \d+:\d+: /, ''), { at: place(sql, skipBlanks(sql, 0)) })

export function ddlTools(
  sql: string,
  { catalog, storage, database, now }: Pick<PlanOptions, 'catalog' | 'storage' | 'database' | 'now'>,
  translated?: Translated,
): DdlTools {
  return {
    catalog,
    storage,
    database,
    sql,
    analyze(start) {
      const { columns } = translated ?? translateQuery(catalog, { sql, start, end: sql.length }, { database, now })
      return columns.map(({ name, type }) => ({ name, trinoType: typeName(type), hiveType: hiveTypeName(type) }))
    },
  }
}
