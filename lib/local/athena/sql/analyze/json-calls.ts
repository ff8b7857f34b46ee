import type { Call, Expression } from '../parse/ast.ts'
import { castSql, coerceSql } from '../generate/cast.ts'
import { jsonText } from '../generate/json.ts'
import { isText } from '../types/coerce.ts'
import { readPath } from '../prelude/json-path.ts'
import { resolveType } from '../types/resolve.ts'
import { BIGINT, BOOLEAN, duckdbType, JSON_TYPE, quoteText, typeName, VARCHAR, type Type } from '../types/types.ts'
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

/** JSON_VALUE, JSON_QUERY and JSON_EXISTS of standard SQL: JavaScript follows the path, its answer's first letter says how that went. */
export function jsonPathFunction(analysis: Analysis, node: Expression & { kind: 'jsonPath' }, scope: Scope): Value {
  const input = analysis.expression(node.input, scope)
  if (!readPath(node.path)) throw queryError(analysis, 'INVALID_PATH', `invalid JSON path: ${node.path}`, node.at)
  const { options } = node
  const args = `CAST(${input.sql} AS VARCHAR), ${quoteText(node.path)}`
  const name = 'json_'
  const settle = (call: string, found: string, type: Type) => {
    const sql = `list_transform([${call}], lambda ${name}: CASE left(${name}, 1) ${found} END)[1]`
    return combine(scope, sql, type, [input])
  }
  const raised = `CASE WHEN ${name} IS NOT NULL THEN t_raise(substr(${name}, 2)) END`
  if (node.function === 'JSON_EXISTS') {
    const onError = { TRUE: 'true', UNKNOWN: 'NULL', ERROR: `CAST(${raised} AS BOOLEAN)` }[options.onError ?? ''] ?? 'false'
    return settle(`t_js_json_exists(${args})`, `WHEN 'T' THEN true WHEN 'F' THEN false WHEN 'E' THEN ${onError}`, BOOLEAN)
  }
  const type = options.returning ? (resolveType(options.returning) ?? VARCHAR) : VARCHAR
  const outcome = (behaviour: string | undefined, given: Expression | undefined, error: string): string => {
    if (given) {
      const value = analysis.expression(given, scope)
      return coerceSql(value.sql, value.type, type)
    }
    if (behaviour === 'ERROR') return `CAST(${error} AS ${duckdbType(type)})`
    return behaviour?.startsWith('EMPTY') ? (behaviour === 'EMPTY OBJECT' ? "'{}'" : "'[]'") : 'NULL'
  }
  const query = node.function === 'JSON_QUERY'
  const nothing = query
    ? 'JSON_OUTPUT_CONVERSION_ERROR: conversion from JSON failed: JSON path found no items'
    : 'JSON_VALUE_RESULT_ERROR: cannot extract SQL scalar from JSON: JSON path found no items'
  const empty = outcome(options.onEmpty, options.emptyDefault, `t_raise(${quoteText(nothing)})`)
  const error = outcome(options.onError, options.errorDefault, raised)
  const text = `substr(${name}, 2)`
  if (query) {
    const call = `t_js_json_query(${args}, ${quoteText(options.wrapper ?? '')}, ${options.omitQuotes ? "'OMIT'" : "''"})`
    return settle(call, `WHEN 'V' THEN ${text} WHEN 'M' THEN ${empty} WHEN 'E' THEN ${error}`, type)
  }
  const cast = castSql(text, VARCHAR, type, true) ?? text
  const misfit = `'JSON_VALUE_RESULT_ERROR: cannot extract SQL scalar from JSON: Cannot cast value of type varchar to declared return type of function JSON_VALUE: ${typeName(type)}'`
  const unfit = outcome(options.onError, options.errorDefault, `t_raise(${misfit})`)
  const value = cast === text ? text : `CASE WHEN ${cast} IS NULL THEN ${unfit} ELSE ${cast} END`
  return settle(`t_js_json_value(${args})`, `WHEN 'V' THEN ${value} WHEN 'M' THEN ${empty} WHEN 'E' THEN ${error}`, type)
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
