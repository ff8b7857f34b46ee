import { QueryError } from '../error.ts'
import type { Expression, Query, Window } from '../parse/ast.ts'
import { positionOf } from '../parse/tokens.ts'
import type { Scan, TranslateContext } from '../translate.ts'
import type { Type } from '../types/types.ts'

/** An expression after analysis: its DuckDB SQL and its Trino type. */
export interface Value {
  sql: string
  type: Type
  /** Text of a string or number literal. */
  literal?: string | undefined
  /** A column outside of any aggregate that is not in GROUP BY. */
  ungrouped?: Expression | undefined
  /** The aggregate, or window function, inside. */
  aggregate?: Expression | undefined
  window?: Expression | undefined
}

/** A column of a table that a scan reads. */
export interface Source {
  scan: OpenScan
  column: string
}

/** A scan while the query is being analysed. */
export interface OpenScan extends Scan {
  used: Set<string>
  partitions: Map<string, Type>
  filters: { sql: string; ctes: Cte[] }[]
}

/** A column that expressions can name. */
export interface Field {
  /** As shown; undefined: it has no name (`count(*)` without an alias). */
  name: string | undefined
  /** What may stand before the name, in lower case: `['t']` or `['awsdatacatalog', 'db', 'table']`. */
  qualifier: string[]
  sql: string
  type: Type
  /** Columns of tables that the value depends on. */
  sources: Set<Source>
  /** Set where the field is that column unchanged, and a condition on it may prune partitions. */
  base?: (Source & { ctes: Cte[] }) | undefined
  hidden?: boolean
}

export interface Relation {
  /** What stands in FROM. */
  sql: string
  fields: Field[]
}

export interface Cte {
  sqlName: string
  fields: Field[]
  references: number
  /** Set while the recursive part is analysed: the alias under which it reads itself. */
  recursion?: { alias?: string }
}

/** What names mean at one place of the query. */
export interface Scope {
  fields: Field[]
  /** Names that win over `fields`: the output columns in ORDER BY. */
  outputs?: Field[]
  /** The query around this subquery. */
  parent?: Scope | undefined
  lambdas: Map<string, { sql: string; type: Type }>
  ctes: Map<string, Cte>
  windows: Map<string, Window>
  /** SQL of the GROUP BY expressions, when the query has groups. */
  groups?: Set<string> | undefined
  insideAggregate?: boolean
  /** The clause that forbids aggregates, such as `WHERE clause`, and where its expression is. */
  scalarOnly?: { clause: string; at: number } | undefined
  /** The clause that forbids window functions. */
  windowless?: string
  /** Where the SELECT begins. */
  selectAt?: number
}

/** One translation: counters, what has been found, and the two entry points that call each other. */
export interface Analysis {
  sql: string
  context: TranslateContext
  now: Date
  scans: OpenScan[]
  /** Sources of the columns named so far; swapped while a subquery's items are analysed. */
  touched: Set<Source>
  database: string | undefined
  /** Views being expanded, to stop circles. */
  views: string[]
  nextName(prefix: string): string
  expression(node: Expression, scope: Scope): Value
  query(node: Query, parent: Scope | undefined, ctes: Map<string, Cte>): AnalysedQuery
}

export interface AnalysedQuery {
  sql: string
  /** Output columns: `sql` is `c0`, `c1`, … */
  fields: Field[]
}

export function newScope(parent: Scope | undefined, ctes: Map<string, Cte>, fields: Field[] = []): Scope {
  return { fields, parent, lambdas: new Map(), ctes, windows: new Map() }
}

/** An error at a place in the text. */
export function queryError(analysis: Analysis, code: string, message: string, at: number): QueryError {
  return new QueryError(code, message, { at: positionOf(analysis.sql, at) })
}

/** A value made of others: what they hold (columns outside of groups, aggregates) is passed on. */
export function combine(scope: Scope, sql: string, type: Type, parts: Value[], literal?: string): Value {
  const value: Value = { sql, type }
  if (literal !== undefined) value.literal = literal
  const grouped = scope.groups?.has(sql)
  for (const part of parts) {
    if (!grouped) value.ungrouped ??= part.ungrouped
    value.aggregate ??= part.aggregate
    value.window ??= part.window
  }
  return value
}

/** Counts all that the fields depend on as read. */
export function touchFields(analysis: Analysis, fields: Field[]): void {
  for (const field of fields) for (const source of field.sources) analysis.touched.add(source)
}
