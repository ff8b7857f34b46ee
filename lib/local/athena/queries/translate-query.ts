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

/** The query inside a statement, in DuckDB's words. @throws QueryError */
export function translateQuery(
  catalog: Catalog,
  { sql, start, end }: QueryText,
  options: { database: string; parameters?: string[] | undefined; now: Date },
): Translated {
  return translate(sql.slice(0, end), { ...translateContext(catalog, options), start })
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
