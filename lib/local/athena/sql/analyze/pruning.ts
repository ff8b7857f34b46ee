import { QueryError } from '../error.ts'
import type { Expression } from '../parse/ast.ts'
import { quoteName } from '../types/types.ts'
import type { Analysis, Field, Scope } from './scope.ts'

/** Notes the parts of a WHERE that speak about one table's partition columns only: the runner can leave out partitions by them. */
export function prune(analysis: Analysis, where: Expression, scope: Scope): void {
  const terms = where.kind === 'logical' && where.operator === 'AND' ? where.terms : [where]
  const partitions = scope.fields.filter(field => field.base)
  if (!partitions.length) return
  for (const term of terms) {
    if (holdsQuery(term)) continue
    const columns = namedFields(analysis, term, scope)
    const bases = columns?.map(field => field.base)
    const first = bases?.[0]
    if (!first || bases!.some(base => base?.scan !== first.scan)) continue
    const plain = partitions.filter(field => field.base!.scan === first.scan)
    const fields = scope.fields.map(field =>
      plain.includes(field) ? { ...field, sql: quoteName(field.base!.column), base: undefined } : field,
    )
    first.scan.filters.push({
      sql: analysis.expression(term, { ...scope, fields, parent: undefined }).sql,
      ctes: [...first.ctes],
    })
  }
}

function holdsQuery(node: unknown): boolean {
  if (!node || typeof node !== 'object') return false
  if ('body' in node && 'with' in node) return true
  return Object.values(node).some(holdsQuery)
}

/** The fields that a term depends on; undefined when it names something that is no field here. */
function namedFields(analysis: Analysis, term: Expression, scope: Scope): Field[] | undefined {
  const outer = analysis.touched
  analysis.touched = new Set()
  try {
    const marks = new Map(scope.fields.map((field, i) => [`\u0002${i}\u0002`, field]))
    const marked = [...marks].map(([sql, field]) => ({ ...field, sql, base: undefined }))
    const { sql } = analysis.expression(term, { ...scope, fields: marked, parent: undefined })
    return [...new Set(sql.match(/\u0002\d+\u0002/g))].map(mark => marks.get(mark)!)
  } catch (error) {
    if (error instanceof QueryError) return undefined
    throw error
  } finally {
    analysis.touched = outer
  }
}
