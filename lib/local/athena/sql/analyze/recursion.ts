import { coerceSql } from '../generate/cast.ts'
import { raise } from '../generate/raise.ts'
import type { Name, Query } from '../parse/ast.ts'
import { coercible } from '../types/coerce.ts'
import { quoteText, typeName } from '../types/types.ts'
import { queryError, touchFields, type AnalysedQuery, type Analysis, type Cte, type Field, type Scope } from './scope.ts'

/** Trino's max_recursion_depth, which Athena does not let change. */
const MAX_DEPTH = 10
const TOO_DEEP = `Recursion depth limit exceeded (${MAX_DEPTH}). Use 'max_recursion_depth' session property to modify the limit.`

interface Definition {
  cte: Cte
  /** Its text, once all that reads it has been analysed. */
  sql: () => string
  recurses: boolean
}

/** One `name AS (query)` of WITH. */
export function withRecursive(
  analysis: Analysis,
  item: Query['with'][number],
  recursive: boolean,
  ctes: Map<string, Cte>,
  parent: Scope | undefined,
): Definition {
  const sqlName = analysis.nextName('q')
  const body = item.query.body
  const name = item.name.name.toLowerCase()
  if (
    recursive &&
    body.kind === 'set' &&
    body.operator === 'UNION' &&
    !item.query.with.length &&
    mention(body.right, name) !== undefined
  )
    return recursiveDefinition(analysis, item, sqlName, ctes, parent)
  const at = recursive && !ctes.has(name) ? mention(item.query, name) : undefined
  if (at !== undefined)
    throw queryError(
      analysis,
      'INVALID_RECURSIVE_REFERENCE',
      'WITH table name is referenced in the base relation of recursion',
      at,
    )
  const query = analysis.query(item.query, parent, ctes)
  const cte: Cte = { sqlName, fields: renamed(analysis, query.fields, item.columns, item.name), references: 0 }
  // Read once, it is written in its place, so that conditions reach its tables; otherwise DuckDB decides.
  const sql = () => `${sqlName} AS ${cte.references > 1 ? '' : 'NOT MATERIALIZED '}(${query.sql})`
  return { cte, sql, recurses: false }
}

/** Where a table of that name is read somewhere inside; undefined: nowhere. */
function mention(node: unknown, name: string): number | undefined {
  if (!node || typeof node !== 'object') return undefined
  const table = node as { kind?: string; name?: unknown; at?: number }
  if (table.kind === 'table' && Array.isArray(table.name))
    return table.name.length === 1 && (table.name[0] as Name).name.toLowerCase() === name ? table.at : undefined
  for (const child of Object.values(node)) {
    const at = mention(child, name)
    if (at !== undefined) return at
  }
  return undefined
}

function renamed(analysis: Analysis, fields: Field[], columns: Name[] | undefined, at: Name): Field[] {
  if (columns && columns.length !== fields.length) {
    const message = `WITH column alias list has ${columns.length} entries but WITH query(${at.name}) has ${fields.length} columns`
    throw queryError(analysis, 'MISMATCHED_COLUMN_ALIASES', message, columns[0]!.at)
  }
  return fields.map((field, i) => ({ ...field, name: columns ? columns[i]!.name : field.name }))
}

function recursiveDefinition(
  analysis: Analysis,
  item: Query['with'][number],
  sqlName: string,
  ctes: Map<string, Cte>,
  parent: Scope | undefined,
): Definition {
  if (!item.columns)
    throw queryError(analysis, 'MISSING_COLUMN_ALIASES', 'missing column aliases in recursive WITH query', item.name.at)
  const body = item.query.body as Query['body'] & { kind: 'set' }
  const asQuery = (part: typeof body.left): Query => ({
    recursive: false,
    with: [],
    body: part,
    orderBy: [],
    withTies: false,
    at: part.at,
    end: part.end,
  })
  const base = analysis.query(asQuery(body.left), parent, ctes)
  const fields = renamed(analysis, base.fields, item.columns, item.name)
  const cte: Cte = { sqlName, fields: fields.map(field => ({ ...field, base: undefined })), references: 0, recursion: {} }
  const inner = new Map(ctes).set(item.name.name.toLowerCase(), cte)
  const step = analysis.query(asQuery(body.right), parent, inner)
  touchFields(analysis, [...base.fields, ...step.fields])
  checkStep(analysis, fields, step, body.right.at)
  delete cte.recursion
  cte.references = 2
  const columns = (query: AnalysedQuery) =>
    query.fields.map((field, i) => coerceSql(`c${i}`, field.type, fields[i]!.type) + ` AS c${i}`).join(', ')
  const names = fields.map((_, i) => `c${i}`).join(', ')
  // DuckDB iterates for ever; the depth travels along as one more column, which all rows of one round share.
  const guard = `CASE WHEN d >= ${MAX_DEPTH} THEN ${raise('NOT_SUPPORTED', quoteText(TOO_DEEP))} ELSE d + 1 END`
  const depth = `(SELECT max(d) AS d FROM ${sqlName})`
  const first = `SELECT ${columns(base)}, 0 AS d FROM (${base.sql})`
  const next = `SELECT ${columns(step)}, ${guard} FROM (${step.sql}), ${depth}`
  const union = body.all ? 'UNION ALL' : 'UNION'
  return { cte, sql: () => `${sqlName}(${names}, d) AS (${first} ${union} ${next})`, recurses: true }
}

function checkStep(analysis: Analysis, fields: Field[], step: AnalysedQuery, at: number): void {
  if (fields.length !== step.fields.length)
    throw queryError(
      analysis,
      'TYPE_MISMATCH',
      `base and step relations of recursion have different number of fields: ${fields.length}, ${step.fields.length}`,
      at,
    )
  step.fields.forEach((field, i) => {
    if (coercible(field.type, fields[i]!.type)) return
    const message = `recursion step relation output type (${typeName(field.type)}) is not coercible to recursion base relation output type (${typeName(fields[i]!.type)}) at column ${i + 1}`
    throw queryError(analysis, 'TYPE_MISMATCH', message, at)
  })
}
