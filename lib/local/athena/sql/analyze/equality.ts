import { withLambda } from '../generate/cast.ts'
import { once } from '../generate/once.ts'
import { fieldKey, quoteText, type Type } from '../types/types.ts'

const NUMBER = /^\(?-?CAST\('?-?[\d.eE+-]+'? AS \w+\)\)?$/
const isFloat = (type: Type) => type.kind === 'double' || type.kind === 'real'

/** Whether a value could be NaN: any float that is not a number as typed. */
export const maybeNaN = (sql: string, type: Type) => isFloat(type) && !NUMBER.test(sql)

/** Whether DuckDB compares values of the type as Trino does: not floats (NaN equals itself there) nor what may hold NULLs or entries. */
export function comparesNatively(type: Type): boolean {
  return !isFloat(type) && type.kind !== 'array' && type.kind !== 'map' && type.kind !== 'row'
}

/** What is compared of a value: the instant of a timestamp with zone. */
export const comparable = (sql: string, type: Type) => (type.kind.endsWith('with time zone') ? `t_utc(${sql})` : sql)

/** SQL of `x = y`, both of one type: NaN equals nothing, NULLs inside arrays, maps and rows make the answer unknown, maps have no order. */
export function equalSql(x: string, y: string, type: Type): string {
  switch (type.kind) {
    case 'double':
    case 'real':
      return maybeNaN(x, type) && maybeNaN(y, type) ? `(${x} = ${y} AND NOT isnan(${x}))` : `(${x} = ${y})`
    case 'array':
      return withLambda(e => {
        const each = `list_transform(list_zip(${x}, ${y}), lambda ${e}: ${equalSql(`${e}[1]`, `${e}[2]`, type.element)})`
        return `CASE WHEN len(${x}) <> len(${y}) THEN false WHEN len(${x}) = len(${y}) THEN t_all_of(${each}) END`
      })
    case 'row': {
      const field = (sql: string, i: number) => `struct_extract(${sql}, ${quoteText(fieldKey(type.fields[i]!, i))})`
      return `(${type.fields.map((f, i) => equalSql(field(x, i), field(y, i), f.type)).join(' AND ')})`
    }
    case 'map':
      return withLambda(e => {
        const same = `CASE WHEN map_contains(${y}, ${e}.key) THEN ${equalSql(`${e}.value`, `${y}[${e}.key]`, type.value)} ELSE false END`
        const each = `list_transform(map_entries(${x}), lambda ${e}: ${same})`
        return `CASE WHEN cardinality(${x}) <> cardinality(${y}) THEN false WHEN ${x} IS NOT NULL AND ${y} IS NOT NULL THEN t_all_of(${each}) END`
      })
    default:
      return `(${comparable(x, type)} = ${comparable(y, type)})`
  }
}

/** SQL of `x operator y`, both of one type. Where one side is a number as typed only the other one can be NaN. */
export function comparisonSql(operator: string, x: string, y: string, type: Type): string {
  return comparesNatively(type) ? compared(operator, x, y, type) : once(x, a => once(y, b => compared(operator, a, b, type)))
}

function compared(operator: string, x: string, y: string, type: Type): string {
  const plain = `(${comparable(x, type)} ${operator} ${comparable(y, type)})`
  if (comparesNatively(type)) return plain
  if (operator === '=') return equalSql(x, y, type)
  if (isFloat(type)) {
    // DuckDB holds NaN for the greatest number.
    const trap = operator === '<' || operator === '<=' ? y : x
    if (operator.includes('DISTINCT') || !maybeNaN(trap, type)) return plain
    if (operator === '<>') return maybeNaN(y, type) ? `(${x} <> ${y} OR isnan(${x}))` : plain
    return `(${x} ${operator} ${y} AND NOT isnan(${trap}))`
  }
  if (operator === '<>') return `(NOT ${equalSql(x, y, type)})`
  if (!operator.includes('DISTINCT') || !holdsMap(type)) return plain
  const same = `coalesce(${equalSql(x, y, type)}, ${x} IS NULL AND ${y} IS NULL)`
  return operator === 'IS DISTINCT FROM' ? `(NOT ${same})` : same
}

function holdsMap(type: Type): boolean {
  if (type.kind === 'array') return holdsMap(type.element)
  return type.kind === 'map' || (type.kind === 'row' && type.fields.some(field => holdsMap(field.type)))
}

const VOLATILE = /\b(?:random|uuid)\(\)/

/** SQL of `x IN (list)`, all of one type. */
export function memberSql(x: string, list: string[], type: Type): string {
  // DuckDB may work a value out once for each element.
  if (VOLATILE.test(x)) return `list_contains([${list.join(', ')}], ${x})`
  if (type.kind === 'array' || type.kind === 'map' || type.kind === 'row')
    return `(${list.map(item => equalSql(x, item, type)).join(' OR ')})`
  const plain = `(${comparable(x, type)} IN (${list.map(item => comparable(item, type)).join(', ')}))`
  return maybeNaN(x, type) && list.some(item => maybeNaN(item, type)) ? `(${plain} AND NOT isnan(${x}))` : plain
}
