import type { Catalog } from '../../glue/catalog.ts'
import { QueryError } from '../sql/error.ts'
import { translate, type Translated } from '../sql/translate.ts'
import { translateContext } from './context.ts'

export interface QueryText {
  /** The whole statement; positions count from its start. */
  sql: string
  /** Where the query begins in it. */
  start: number
  /** Where it ends. */
  end: number
}

export interface TranslateOptions {
  database: string
  parameters?: string[] | undefined
  now: Date
}

/** Trino's answer to what its parser's stack cannot hold. */
export const tooLarge = () =>
  new QueryError('SYNTAX_ERROR', 'statement is too large (stack overflow while parsing)', { at: { line: 1, column: 1 } })

/** The query inside a statement, in DuckDB's words. @throws QueryError */
export function translateQuery(catalog: Catalog, { sql, start, end }: QueryText, options: TranslateOptions): Translated {
  checkStages(sql)
  try {
    return translate(sql.slice(0, end), { ...translateContext(catalog, options), start })
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw tooLarge()
  }
}

/** Far above what Trino plans (150 stages); translating many more would keep the server waiting. */
const MOST_SET_OPERATIONS = 500

export function checkStages(sql: string): void {
  const count = sql.match(/\b(?:UNION|INTERSECT|EXCEPT)\b/gi)?.length ?? 0
  if (count > MOST_SET_OPERATIONS)
    throw new QueryError(
      'QUERY_HAS_TOO_MANY_STAGES',
      `Number of stages in the query (${count}) exceeds the allowed maximum (${MOST_SET_OPERATIONS})`,
    )
}

/** ExecutionParameters as expressions: a value that is none by itself is taken as text (measured on AWS). */
export function asExpressions(values: string[], now: Date): string[] {
  return values.map(value => (isExpression(value, now) ? value : `'${value.replaceAll("'", "''")}'`))
}

function isExpression(value: string, now: Date): boolean {
  try {
    translate(`SELECT ${value}`, { table: () => undefined, hasDatabase: () => false, now })
    return true
  } catch (error) {
    if (error instanceof QueryError) return false
    throw error
  }
}
