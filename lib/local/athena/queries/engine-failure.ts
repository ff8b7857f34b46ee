import { QueryError } from '../sql/error.ts'

/** Athena's error for DuckDB's text. */
export function engineFailure(message: string): QueryError {
  const own = /\b([A-Z][A-Z_]{5,}): ([^]*)/.exec(message)
  if (own) return new QueryError(own[1]!, own[2]!)
  if (/Malformed JSON|Expected OBJECT|duplicate key/.test(message))
    return new QueryError('HIVE_CURSOR_ERROR', 'Row is not a valid JSON Object')
  if (/JSON transform error/.test(message)) return new QueryError('HIVE_BAD_DATA', 'Error parsing field value')
  if (process.env.DEBUG_ATHENA) console.error(message)
  return new QueryError('GENERIC_INTERNAL_ERROR', 'Internal error')
}
