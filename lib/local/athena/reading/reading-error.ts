import { QueryError } from '../sql/error.ts'
import { runtimeError } from '../sql/runtime-error.ts'

/** What DuckDB's readers say about an object's body, in Hive's words. */
const RULES: [RegExp, code: string, message: string][] = [
  [
    /Malformed JSON in file/,
    'HIVE_CURSOR_ERROR',
    'Row is not a valid JSON Object - JSONException: A JSONObject text must begin with { and end with }',
  ],
  [
    /Expected OBJECT, but got (\w+)/,
    'HIVE_CURSOR_ERROR',
    'Row is not a valid JSON Object - JSONException: A JSONObject text must begin with {, this is $1',
  ],
  [/has duplicate key "([^"]*)"/, 'HIVE_CURSOR_ERROR', 'Row is not a valid JSON Object - JSONException: Duplicate key "$1"'],
  [/Failed to cast value[^:]*: "?([^]*?)"?(?:\n|$)/, 'HIVE_BAD_DATA', `Error parsing field value '$1': For input string: "$1"`],
  [/JSON transform error in file "[^"]*", in line (\d+): (.*)/, 'HIVE_BAD_DATA', 'Error parsing JSON in line $1: $2'],
  [/Max expression depth|stack overflow/i, 'STACK_OVERFLOW', 'statement is too large (stack overflow during analysis)'],
  [/maximum_object_size|maximum line size|max_line_size/i, 'HIVE_CURSOR_ERROR', 'A line is too long'],
  [
    /(?:gzip|GZIP|zstd|ZSTD|[Cc]ompressed|miniz)/,
    'HIVE_CURSOR_ERROR',
    'Failed to read file: it is not in the compressed form that its name says',
  ],
  [
    /No magic bytes found|not a Parquet file|too small to be a Parquet file/i,
    'HIVE_BAD_DATA',
    'Not valid Parquet file: expected magic number: PAR1',
  ],
  [/Invalid unicode|not utf-8|UTF-?8/i, 'HIVE_CURSOR_ERROR', 'A line is not UTF-8'],
  [/No such file|Cannot open file/, 'HIVE_CANNOT_OPEN_SPLIT', 'An object was deleted while the query was reading it'],
]

/** Athena's error for what DuckDB said while it ran a query over objects. Our own errors carry their code; other texts never come through. */
export function engineFailure(text: string): QueryError {
  if (!text.includes('\u00a1'))
    for (const [pattern, code, message] of RULES) {
      const match = pattern.exec(text)
      if (match)
        return new QueryError(
          code,
          message.replace(/\$(\d)/g, (_, i: string) => match[Number(i)] ?? ''),
        )
    }
  return runtimeError(text)
}
