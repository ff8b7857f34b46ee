import { coerceSql } from '../generate/cast.ts'
import { locate, type Name, type Relation as RelationNode } from '../parse/ast.ts'
import { commonType } from '../types/coerce.ts'
import { BIGINT, typeName } from '../types/types.ts'
import { condition } from './conditionals.ts'
import { matching } from './names.ts'
import { newScope, queryError, type Analysis, type Field, type Relation, type Scope } from './scope.ts'
import { derived, table } from './tables.ts'
import { asUnnest, unnest } from './unnest.ts'

/** Analyses one item of FROM. `scope` is the query's scope so far: what stands left of it (for UNNEST and LATERAL) is in `left`. */
export function relation(analysis: Analysis, node: RelationNode, scope: Scope, left?: Relation): Relation {
  switch (node.kind) {
    case 'table':
      return table(analysis, node.name, scope)
    case 'subquery': {
      const parent = node.lateral && left ? newScope(scope.parent, scope.ctes, left.fields) : scope.parent
      return derived(analysis, `${node.lateral ? 'LATERAL ' : ''}(${'\u0000'})`, analysis.query(node.query, parent, scope.ctes))
    }
    case 'unnest':
      return unnest(analysis, node, scope, left, 'INNER')
    case 'tableFunction':
      return tableFunction(analysis, node, scope)
    case 'alias':
      return aliased(analysis, relation(analysis, node.relation, scope, left), node.name, node.columns, node.at)
    case 'sample': {
      const inner = relation(analysis, node.relation, scope, left)
      const percentage = analysis.expression(node.percentage, newScope(undefined, scope.ctes))
      const share = Number(percentage.literal ?? 100)
      if (!(share >= 0 && share <= 100))
        throw queryError(
          analysis,
          'NUMERIC_VALUE_OUT_OF_RANGE',
          `Sample percentage must be ${share > 100 ? 'less than or equal to 100' : 'greater than or equal to 0'}`,
          node.percentage.at,
        )
      const name = analysis.nextName('r')
      const columns = inner.fields.map((field, i) => `${field.sql} AS c${i}`).join(', ') || '1'
      const fields = inner.fields.map((field, i) => ({ ...field, sql: `${name}.c${i}` }))
      return { sql: `(SELECT ${columns} FROM ${inner.sql} USING SAMPLE ${share} PERCENT (bernoulli)) AS ${name}`, fields }
    }
    case 'join':
      return join(analysis, node, scope, left)
  }
}

function aliased(analysis: Analysis, inner: Relation, name: Name, columns: Name[] | undefined, at = name.at): Relation {
  const visible = inner.fields.filter(field => !field.hidden)
  if (columns && columns.length !== visible.length) {
    const message = `Column alias list has ${columns.length} entries but '${name.name}' has ${visible.length} columns available`
    throw queryError(analysis, 'MISMATCHED_COLUMN_ALIASES', message, at)
  }
  let next = 0
  const fields = inner.fields.map(field => {
    const renamed = columns && !field.hidden ? columns[next++]!.name : field.name
    return { ...field, name: renamed, qualifier: [name.name.toLowerCase()] }
  })
  return { sql: inner.sql, fields }
}

type Join = RelationNode & { kind: 'join' }

function join(analysis: Analysis, node: Join, scope: Scope, outer: Relation | undefined): Relation {
  if (node.natural) throw queryError(analysis, 'NOT_SUPPORTED', 'Natural join not supported', node.at)
  const left = relation(analysis, node.left, scope, outer)
  const opened = asUnnest(node.right)
  if (opened && node.type !== 'RIGHT' && node.type !== 'FULL') return joinUnnest(analysis, node, scope, left, opened)
  const right = relation(analysis, node.right, scope, opened ? undefined : left)
  if (node.using) return joinUsing(analysis, node, left, right)
  const both = combined(node.type, left, right)
  if (!node.on) return { sql: `${left.sql} CROSS JOIN ${right.sql}`, fields: both }
  const on = condition(
    analysis,
    node.on,
    {
      ...newScope(scope.parent, scope.ctes, [...left.fields, ...right.fields]),
      scalarOnly: { clause: 'JOIN clause', at: locate(node.on) },
    },
    'JOIN ON clause must evaluate to a boolean',
  )
  return { sql: `(${left.sql} ${node.type} JOIN ${right.sql} ON ${on.sql})`, fields: both }
}

/** Conditions on the side that an outer join fills with NULLs must not prune its partitions. */
function combined(type: Join['type'], left: Relation, right: Relation): Field[] {
  const plain = (field: Field): Field => ({ ...field, base: undefined })
  const l = type === 'RIGHT' || type === 'FULL' ? left.fields.map(plain) : left.fields
  const r = type === 'LEFT' || type === 'FULL' ? right.fields.map(plain) : right.fields
  return [...l, ...r]
}

function joinUnnest(
  analysis: Analysis,
  node: Join,
  scope: Scope,
  left: Relation,
  opened: NonNullable<ReturnType<typeof asUnnest>>,
): Relation {
  const always = !node.on || (node.on.kind === 'boolean' && node.on.value)
  if (node.type === 'LEFT' && !always)
    throw queryError(
      analysis,
      'NOT_SUPPORTED',
      `${node.type} JOIN involving UNNEST is only supported with condition ON TRUE`,
      node.at,
    )
  const whole = unnest(analysis, opened.unnest, scope, left, node.type === 'LEFT' ? 'LEFT' : 'INNER')
  const fresh: Relation = { sql: '', fields: whole.fields.slice(left.fields.length) }
  const named = opened.alias ? aliased(analysis, fresh, opened.alias, opened.columns) : fresh
  const fields = [...whole.fields.slice(0, left.fields.length), ...named.fields]
  if (always) return { sql: whole.sql, fields }
  const on = condition(
    analysis,
    node.on!,
    newScope(scope.parent, scope.ctes, fields),
    'JOIN ON clause must evaluate to a boolean',
  )
  const name = analysis.nextName('r')
  const inner = whole.sql.slice(whole.sql.lastIndexOf(' AS ') + 4)
  return {
    sql: `(SELECT * FROM ${whole.sql} WHERE ${on.sql}) AS ${name}`,
    fields: fields.map(field => ({ ...field, sql: field.sql.replace(`${inner}.`, `${name}.`) })),
  }
}

function joinUsing(analysis: Analysis, node: Join, left: Relation, right: Relation): Relation {
  const names = node.using ?? []
  const merged: Field[] = []
  const conditions: string[] = []
  for (const { name, at } of names) {
    const [l] = matching(left.fields, [], name.toLowerCase())
    const [r] = matching(right.fields, [], name.toLowerCase())
    if (!l || !r)
      throw queryError(analysis, 'COLUMN_NOT_FOUND', `Column '${name}' is missing from ${l ? 'right' : 'left'} side of join`, at)
    const type = commonType(l.type, r.type)
    if (!type)
      throw queryError(
        analysis,
        'TYPE_MISMATCH',
        `Column '${name}' has incompatible types: ${typeName(l.type)}, ${typeName(r.type)}`,
        at,
      )
    const [x, y] = [coerceSql(l.sql, l.type, type), coerceSql(r.sql, r.type, type)]
    conditions.push(`${x} = ${y}`)
    for (const source of [...l.sources, ...r.sources]) analysis.touched.add(source)
    merged.push({ name, qualifier: [], sql: `coalesce(${x}, ${y})`, type, sources: new Set([...l.sources, ...r.sources]) })
  }
  const used = new Set(names.map(({ name }) => name.toLowerCase()))
  const rest = combined(node.type, left, right).filter(field => !used.has(field.name?.toLowerCase() ?? ''))
  const sql = conditions.length
    ? `(${left.sql} ${node.type} JOIN ${right.sql} ON ${conditions.join(' AND ')})`
    : `${left.sql} CROSS JOIN ${right.sql}`
  return { sql, fields: [...merged, ...rest] }
}

/** `TABLE(sequence(1, 10))` is the only table function. */
function tableFunction(analysis: Analysis, node: RelationNode & { kind: 'tableFunction' }, scope: Scope): Relation {
  if (node.name !== 'sequence')
    throw queryError(analysis, 'FUNCTION_NOT_FOUND', `Table function '${node.name}' not registered`, node.at)
  const values = node.arguments.map(argument => analysis.expression(argument, newScope(scope.parent, scope.ctes)))
  const sqls = values.map(value => coerceSql(value.sql, value.type, BIGINT))
  const name = analysis.nextName('r')
  const [first = 'CAST(0 AS BIGINT)', last = first, step = 'CAST(1 AS BIGINT)'] = sqls
  const list = `t_check_step(${first}, ${last}, ${step}, generate_series(${first}, ${last}, ${step}))`
  const fields: Field[] = [{ name: 'sequential_number', qualifier: [], sql: `${name}.c0`, type: BIGINT, sources: new Set() }]
  return { sql: `(SELECT unnest(${list}) AS c0) AS ${name}`, fields }
}
