import type { FunctionTable } from './signature.ts'

/** JSON functions without a path; those with one are in analyze/json-calls.ts. */
export const jsonFunctions: FunctionTable = {
  'json_parse(varchar) json': 't_json_parse($1)',
  'json_format(json) varchar': '$1',
  'json_array_length(json) bigint': 't_json_array_length($1)',
  'json_array_length(varchar) bigint': 't_json_array_length($1)',
  'json_array_get(json, bigint) json': 't_json_array_get($1, $2)',
  'json_array_get(varchar, bigint) json': 't_json_array_get($1, $2)',
  ...Object.fromEntries(
    ['json', 'varchar'].flatMap(type => [
      [`json_array_contains(${type}, boolean) boolean`, 't_json_array_contains($1, CAST($2 AS VARCHAR))'],
      [`json_array_contains(${type}, bigint) boolean`, 't_json_array_contains($1, CAST($2 AS VARCHAR))'],
      [`json_array_contains(${type}, double) boolean`, 't_json_array_contains($1, CAST($2 AS VARCHAR))'],
      [`json_array_contains(${type}, varchar) boolean`, 't_json_array_contains($1, CAST(to_json($2) AS VARCHAR))'],
      [`is_json_scalar(${type}) boolean`, 't_is_json_scalar($1)'],
    ]),
  ),
}
