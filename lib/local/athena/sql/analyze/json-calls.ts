import type { Call, Expression } from '../parse/ast.ts'
import { castSql, coerceSql } from '../generate/cast.ts'
import { raise } from '../generate/raise.ts'
import { jsonText } from '../generate/json.ts'
import { isText } from '../types/coerce.ts'
import { resolveType } from '../types/resolve.ts'
import { BIGINT, BOOLEAN, JSON_TYPE, quoteText, typeName, VARCHAR, type Type } from '../types/types.ts'
import { wantArguments } from './conditionals.ts'
import { combine, queryError, type Analysis, type Scope, type Value } from './scope.ts'

const STEP =
  /\.\.?([A-Za-z_$@][\w$@-]*|\*)|\[\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|(\d+)|(\*))\s*\]|\.\s*"((?:[^"\\]|\\.)*)"/y

/** A JSON path of Trino's in DuckDB's words; undefined: not a valid path. `many`: it can find several values. */
export function duckdbJsonPath(path: string): { path: string; many: boolean } | undefined {
  const text = path.trim()
  if (!text.startsWith('$')) return undefined
  let result = '$'
  let many = false
  STEP.lastIndex = 1
  while (STEP.lastIndex < text.length) {
    const match = STEP.exec(text)
    if (!match) return undefined
    const [whole, bare, double, single, index, star, quoted] = match
    const key = double ?? single ?? quoted ?? (bare === '*' ? undefined : bare)
    if (whole.startsWith('..')) many = true
    if (index !== undefined) result += `[${index}]`
    else if (star || bare === '*') {
      many = true
      result += bare === '*' ? '.*' : '[*]'
    } else result += `${whole.startsWith('..') ? '..' : '.'}"${key!.replaceAll('"', '\\"')}"`
  }
  return { path: result, many }
}

/** json_extract, json_extract_scalar, json_size: the path is nearly always a literal. */
function jsonPathCall(analysis: Analysis, node: Call, scope: Scope): Value {
  wantArguments(analysis, node, 2, 2)
  const [json, path] = node.arguments.map(argument => analysis.expression(argument, scope)) as [Value, Value]
  const types = [json, path].map(value => typeName(value.type)).join(', ')
  if (
    !(isText(json.type) || json.type.kind === 'json' || json.type.kind === 'unknown') ||
    !(isText(path.type) || path.type.kind === 'unknown')
  )
    throw queryError(
      analysis,
      'FUNCTION_NOT_FOUND',
      `Unexpected parameters (${types}) for function ${node.name}. Expected: ${node.name}(json, JsonPath), ${node.name}(varchar(x), JsonPath)`,
      node.at,
    )
  if (json.type.kind === 'unknown')
    throw queryError(
      analysis,
      'AMBIGUOUS_FUNCTION_CALL',
      `Could not choose a best candidate operator. Explicit type casts must be added.`,
      node.at,
    )
  const parsed = path.literal === undefined ? undefined : duckdbJsonPath(path.literal)
  if (path.literal !== undefined && (!parsed || parsed.many))
    throw queryError(analysis, 'INVALID_FUNCTION_ARGUMENT', `Invalid JSON path: '${path.literal}'`, node.at)
  const pathSql = parsed ? quoteText(parsed.path) : `t_json_path(${path.sql})`
  const forms: Record<string, [string, Type]> = {
    json_extract: [`t_json_extract(${json.sql}, ${pathSql})`, JSON_TYPE],
    json_extract_scalar: [`t_json_extract_scalar(${json.sql}, ${pathSql})`, VARCHAR],
    json_size: [`t_json_size(${json.sql}, ${pathSql})`, BIGINT],
  }
  const [sql, type] = forms[node.name]!
  const resultType = type.kind === 'varchar' && json.type.kind === 'varchar' ? json.type : type
  return combine(scope, sql, resultType, [json, path])
}

export const JSON_CALLS: Record<string, typeof jsonPathCall> = {
  json_extract: jsonPathCall,
  json_extract_scalar: jsonPathCall,
  json_size: jsonPathCall,
}

/** JSON_VALUE, JSON_QUERY and JSON_EXISTS of standard SQL. */
export function jsonPathFunction(analysis: Analysis, node: Expression & { kind: 'jsonPath' }, scope: Scope): Value {
  const input = analysis.expression(node.input, scope)
  const strict = /^\s*strict\b/i.test(node.path)
  const parsed = duckdbJsonPath(node.path.replace(/^\s*(lax|strict)\s+/i, ''))
  if (!parsed) throw queryError(analysis, 'INVALID_PATH', `invalid JSON path: ${node.path}`, node.at)
  const { options } = node
  const path = quoteText(parsed.path)
  const invalid = `NOT json_valid(${input.sql})`
  const wrong = (what: string) => (options.onError === 'ERROR' ? raise('PATH_EVALUATION_ERROR', quoteText(what)) : undefined)
  const found = `json_extract(${input.sql}, ${path})`
  const missing = parsed.many ? `len(${found}) = 0` : `${found} IS NULL`
  if (node.function === 'JSON_EXISTS') {
    const onError =
      options.onError === 'TRUE' ? 'true' : options.onError === 'UNKNOWN' ? 'NULL' : (wrong('path evaluation failed') ?? 'false')
    return combine(
      scope,
      `CASE WHEN ${input.sql} IS NULL THEN NULL WHEN ${invalid} THEN ${onError} ELSE NOT (${missing}) END`,
      BOOLEAN,
      [input],
    )
  }
  const type = options.returning ? (resolveType(options.returning) ?? VARCHAR) : VARCHAR
  const fallback = (expression: Expression | undefined, behaviour: string | undefined, what: string): string => {
    if (expression) {
      const value = analysis.expression(expression, scope)
      return coerceSql(value.sql, value.type, type)
    }
    if (behaviour === 'ERROR') return wrongAlways(what)
    if (behaviour?.startsWith('EMPTY')) return behaviour === 'EMPTY OBJECT' ? "'{}'" : "'[]'"
    return 'NULL'
  }
  const empty = fallback(
    options.emptyDefault,
    strict ? options.onError : options.onEmpty,
    'cannot extract value from JSON: path found no items',
  )
  const error = fallback(options.errorDefault, options.onError, 'cannot extract value from JSON')
  const one = parsed.many ? `${found}[1]` : found
  const text = node.function === 'JSON_VALUE' ? valueSql(one, type, error) : querySql(found, one, parsed.many, options, error)
  return combine(
    scope,
    `CASE WHEN ${input.sql} IS NULL THEN NULL WHEN ${invalid} THEN ${error} WHEN ${missing} THEN ${empty} ELSE ${text} END`,
    type,
    [input],
  )
}

const wrongAlways = (what: string) => raise('PATH_EVALUATION_ERROR', quoteText(what))

function valueSql(found: string, type: Type, error: string): string {
  const scalar = `CASE WHEN json_type(${found}) IN ('OBJECT', 'ARRAY') THEN NULL ELSE CAST(${found} AS VARCHAR) END`
  const text = `t_json_scalar(${scalar})`
  const cast = castSql(text, VARCHAR, type, true) ?? text
  return error === 'NULL' ? cast : `CASE WHEN ${text} IS NOT NULL AND ${cast} IS NULL THEN ${error} ELSE ${cast} END`
}

function querySql(
  found: string,
  one: string,
  many: boolean,
  options: { wrapper?: string; omitQuotes?: boolean },
  error: string,
): string {
  const text = `CAST(${one} AS VARCHAR)`
  const all = many ? `CAST(to_json(${found}) AS VARCHAR)` : `('[' || ${text} || ']')`
  if (options.wrapper === 'UNCONDITIONAL') return all
  const scalar = `json_type(${one}) NOT IN ('OBJECT', 'ARRAY')`
  if (options.wrapper === 'CONDITIONAL')
    return many
      ? `CASE WHEN len(${found}) > 1 OR ${scalar} THEN ${all} ELSE ${text} END`
      : `CASE WHEN ${scalar} THEN ${all} ELSE ${text} END`
  const plain = options.omitQuotes ? `t_json_scalar(${text})` : text
  return many ? `CASE WHEN len(${found}) > 1 THEN ${error} ELSE ${plain} END` : plain
}

/** What JSON_OBJECT and JSON_ARRAY put in: numbers and booleans as they are, other values as JSON strings. */
function memberText(analysis: Analysis, node: Expression, json: boolean, scope: Scope): Value {
  const value = analysis.expression(node, scope)
  const formatted = json || node.kind === 'jsonObject' || node.kind === 'jsonArray'
  const text = formatted ? value.sql : jsonText(value.sql, value.type)
  if (!text) throw queryError(analysis, 'TYPE_MISMATCH', `Cannot cast ${typeName(value.type)} to varchar`, node.at)
  return { ...value, sql: text }
}

export function jsonObject(analysis: Analysis, node: Expression & { kind: 'jsonObject' }, scope: Scope): Value {
  const parts: Value[] = []
  const members = node.members.map(member => {
    const key = analysis.expression(member.key, scope)
    const value = memberText(analysis, member.value, member.json, scope)
    parts.push(key, value)
    const entry = `CAST(to_json(${key.sql}) AS VARCHAR) || ':' || `
    return node.absentOnNull
      ? `CASE WHEN ${value.sql} IS NOT NULL THEN ${entry}${value.sql} END`
      : `${entry}coalesce(${value.sql}, 'null')`
  })
  return combine(scope, `('{' || concat_ws(',', ${members.join(', ') || "''"}) || '}')`, VARCHAR, parts)
}

export function jsonArray(analysis: Analysis, node: Expression & { kind: 'jsonArray' }, scope: Scope): Value {
  const values = node.elements.map(element => memberText(analysis, element.value, element.json, scope))
  const texts = values.map(value => (node.absentOnNull ? value.sql : `coalesce(${value.sql}, 'null')`))
  return combine(scope, `('[' || concat_ws(',', ${texts.join(', ') || "''"}) || ']')`, VARCHAR, values)
}
