import { QueryError } from './error.ts'
import { javaNumber } from './prelude/texts.ts'

/** DuckDB's run-time errors in Trino's words, first match wins; `$1`, `$2` are the pattern's groups, `#1` a group that is a number as Java prints it. */
const RULES: [RegExp, code: string, message: string][] = [
  [/\u00a1(\w+): ([\s\S]*?)'? to INT64/, '$1', '$2'],
  [/\u00a1(\w+): ([\s\S]*)/, '$1', '$2'],
  [/Could not convert string '\u00bf?([\s\S]*?)' to (?:BOOL|BOOLEAN)\b/, 'INVALID_CAST_ARGUMENT', "Cannot cast '$1' to BOOLEAN"],
  [/Could not convert string '\u00bf?([\s\S]*?)' to INT32/, 'INVALID_CAST_ARGUMENT', "Cannot cast '$1' to INT"],
  [/Could not convert string '\u00bf?([\s\S]*?)' to INT64/, 'INVALID_CAST_ARGUMENT', "Cannot cast '$1' to BIGINT"],
  [/Could not convert string '\u00bf?([\s\S]*?)' to INT16/, 'INVALID_CAST_ARGUMENT', "Cannot cast '$1' to SMALLINT"],
  [/Could not convert string '\u00bf?([\s\S]*?)' to INT8/, 'INVALID_CAST_ARGUMENT', "Cannot cast '$1' to TINYINT"],
  [
    /Could not convert string (?:'|")\u00bf?([\s\S]*?)(?:'|") to (DOUBLE|FLOAT|DECIMAL\([^)]*\))/,
    'INVALID_CAST_ARGUMENT',
    "Cannot cast '$1' to $2",
  ],
  [/Could not cast value (\S+) to (DECIMAL\([^)]*\))/, 'INVALID_CAST_ARGUMENT', "Cannot cast '$1' to $2"],
  [/invalid date field format: "\u00bf?([\s\S]*?)"/, 'INVALID_CAST_ARGUMENT', 'Value cannot be cast to date: $1'],
  [/date field value out of range: "\u00bf?([\s\S]*?)"/, 'INVALID_CAST_ARGUMENT', 'Value cannot be cast to date: $1'],
  [/invalid timestamp field format: "\u00bf?([\s\S]*?)"/, 'INVALID_CAST_ARGUMENT', 'Value cannot be cast to timestamp: $1'],
  [/timestamp field value out of range: "\u00bf?([\s\S]*?)"/, 'INVALID_CAST_ARGUMENT', 'Value cannot be cast to timestamp: $1'],
  [/time field value out of range: "\u00bf?([\s\S]*?)"/, 'INVALID_CAST_ARGUMENT', 'Value cannot be cast to time: $1'],
  [/Could not parse string "([\s\S]*?)" according to format/, 'INVALID_FUNCTION_ARGUMENT', 'Invalid format: "$1"'],
  [/Overflow in (\w+) of INT(\d+) \(([^)]*)\)/, 'NUMERIC_VALUE_OUT_OF_RANGE', '$2 $1 overflow: $3'],
  [/Type (?:FLOAT|DOUBLE) with value nan can't be cast.*INT32/, 'INVALID_CAST_ARGUMENT', 'Cannot cast double NaN to integer'],
  [/Type (?:FLOAT|DOUBLE) with value nan can't be cast/, 'INVALID_CAST_ARGUMENT', 'Cannot cast double NaN to bigint'],
  [/Type (?:FLOAT|DOUBLE) with value (\S+) can't be cast.*INT64/, 'INVALID_CAST_ARGUMENT', 'Unable to cast #1 to bigint'],
  [
    /Type INT128 with value (\S+) can't be cast because the value is out of range for the destination type INT64/,
    'NUMERIC_VALUE_OUT_OF_RANGE',
    'bigint addition overflow',
  ],
  [
    /Type (?:INT\d+|FLOAT|DOUBLE) with value (\S+) can't be cast because the value is out of range for the destination type INT64/,
    'NUMERIC_VALUE_OUT_OF_RANGE',
    'Out of range for bigint: $1',
  ],
  [
    /Type (?:INT\d+|FLOAT|DOUBLE) with value (\S+) can't be cast because the value is out of range for the destination type INT32/,
    'NUMERIC_VALUE_OUT_OF_RANGE',
    'Out of range for integer: #1',
  ],
  [
    /Type (?:INT\d+|FLOAT|DOUBLE) with value (\S+) can't be cast because the value is out of range for the destination type INT16/,
    'NUMERIC_VALUE_OUT_OF_RANGE',
    'Out of range for smallint: #1',
  ],
  [
    /Type (?:INT\d+|FLOAT|DOUBLE) with value (\S+) can't be cast because the value is out of range for the destination type INT8/,
    'NUMERIC_VALUE_OUT_OF_RANGE',
    'Out of range for tinyint: #1',
  ],
  [
    /(?:Casting value "|Failed to cast decimal value )([^"\s]+)"? to type (DECIMAL\([^)]*\)|\w+) failed/,
    'INVALID_CAST_ARGUMENT',
    "Cannot cast '$1' to $2",
  ],
  [
    /Overflow in multiplication of DECIMAL|Overflow in (?:addition|subtract) of DECIMAL|out of range for DECIMAL/i,
    'NUMERIC_VALUE_OUT_OF_RANGE',
    'Decimal overflow',
  ],
  [/More than one row returned by a subquery/, 'SUBQUERY_MULTIPLE_ROWS', 'Scalar sub-query has returned multiple rows'],
  [/Map keys must be unique/i, 'INVALID_FUNCTION_ARGUMENT', 'Duplicate map keys are not allowed'],
  [
    /Out of Memory Error|failed to allocate|could not allocate/i,
    'EXCEEDED_LOCAL_MEMORY_LIMIT',
    'Query exceeded per-node memory limit',
  ],
  [/No space left|max_temp_directory_size/i, 'EXCEEDED_LOCAL_MEMORY_LIMIT', 'Query exhausted resources at this scale factor'],
  [
    /Invalid Input Error: ((?:missing|invalid|bad|no argument|unexpected|trailing)[^\n]*)/,
    'INVALID_FUNCTION_ARGUMENT',
    'Invalid regular expression: $1',
  ],
  [
    /Like pattern must not end with escape/,
    'INVALID_FUNCTION_ARGUMENT',
    "Escape character must be followed by '%', '_' or the escape character itself",
  ],
  [/Argument for ntile must be greater/, 'INVALID_FUNCTION_ARGUMENT', 'Buckets must be greater than 0'],
  [/QUANTILE can only take/, 'INVALID_FUNCTION_ARGUMENT', 'Percentile must be between 0 and 1'],
  [/Lists larger than/, 'INVALID_FUNCTION_ARGUMENT', 'Array is too large'],
  [/cannot contain aggregates|cannot contain window functions/, 'NOT_SUPPORTED', 'Given correlated subquery is not supported'],
  [/Out of Range Error/, 'NUMERIC_VALUE_OUT_OF_RANGE', 'Value out of range'],
  [/not a valid time ?zone|Unknown TimeZone/i, 'INVALID_FUNCTION_ARGUMENT', 'Not a valid time zone'],
  [
    /Not implemented Error|Binder Error.*(?:correlated|subquer)/i,
    'NOT_SUPPORTED',
    'This query uses a construct that the local engine cannot run',
  ],
  [/Conversion Error/, 'INVALID_CAST_ARGUMENT', 'Value cannot be cast'],
]

const INTEGER_NAMES: Record<string, string> = { 8: 'tinyint', 16: 'smallint', 32: 'integer', 64: 'bigint' }

function javaText(text: string, whole: boolean): string {
  return whole && /^-?\d+$/.test(text) ? text : javaNumber(Number(text.replace('inf', 'Infinity')))
}

/** Athena's error for an error that DuckDB gave while running a translated query. Raw engine text never gets through: what no rule knows is
 *  GENERIC_INTERNAL_ERROR (`cause` keeps the original). */
export function runtimeError(text: string): QueryError {
  for (const [pattern, code, message] of RULES) {
    const match = pattern.exec(text)
    if (!match) continue
    const fill = (template: string) =>
      template
        .replace(/#(\d)/g, (_, i) => javaText(match[Number(i)] ?? '', /Type INT/.test(match[0])))
        .replace(/\$(\d)/g, (_, i) => match[Number(i)] ?? '')
    const filled = fill(message).replace(/^(8|16|32|64) /, (_, bits: string) => `${INTEGER_NAMES[bits]} `)
    return new QueryError(fill(code), filled)
  }
  const error = new QueryError('GENERIC_INTERNAL_ERROR', 'Internal error')
  error.cause = text
  return error
}
