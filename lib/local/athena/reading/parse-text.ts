import { duckdbType, type Type } from '../sql/types/types.ts'
import { badData } from './statements.ts'

/** What a text that is no value of the column's type becomes. */
export type OnBad = { index: number } | 'null'

/** A DuckDB expression that turns the text `value` into `type`. */
export function parseText(type: Type, value: string, bad: OnBad): string {
  const parsed = parsedOrNull(type, value)
  if (parsed === value || bad === 'null') return parsed
  const failure = `CASE WHEN ${value} IS NOT NULL THEN CAST(${badData(value, bad.index)} AS ${duckdbType(type)}) END`
  return `coalesce(${parsed}, ${failure})`
}

/** The value, or NULL when the text is none of the type. Whole numbers never come from `1.5` or `1e3`: DuckDB would round them without a word. */
function parsedOrNull(type: Type, value: string): string {
  const target = duckdbType(type)
  switch (type.kind) {
    case 'varchar':
      return type.length === undefined ? value : `left(${value}, ${type.length})`
    case 'char':
      return `rpad(left(${value}, ${type.length}), ${type.length}, ' ')`
    case 'tinyint':
    case 'smallint':
    case 'integer':
    case 'bigint':
      return `CASE WHEN contains(${value}, '.') OR contains(lower(${value}), 'e') THEN NULL ELSE TRY_CAST(${value} AS ${target}) END`
    case 'boolean':
      return `CASE lower(${value}) WHEN 'true' THEN true WHEN 'false' THEN false END`
    case 'date':
      return `CASE WHEN regexp_full_match(${value}, '\\d{4}-\\d{1,2}-\\d{1,2}') THEN TRY_CAST(${value} AS DATE) END`
    case 'timestamp':
      return `CASE WHEN regexp_full_match(${value}, '\\d{4}-\\d{2}-\\d{2}([ T]\\d{2}:\\d{2}:\\d{2}(\\.\\d+)?Z?)?') THEN TRY_CAST(rtrim(${value}, 'Z') AS ${target}) END`
    case 'varbinary':
      return `TRY(from_base64(${value}))`
    default:
      return `TRY_CAST(${value} AS ${target})`
  }
}
