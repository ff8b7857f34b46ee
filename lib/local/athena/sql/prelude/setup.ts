import {
  BIGINT,
  BLOB,
  BOOLEAN,
  DOUBLE,
  DuckDBScalarFunction,
  INTEGER,
  VARCHAR,
  DuckDBBlobValue,
  type DuckDBConnection,
  type DuckDBType,
} from '@duckdb/node-api'
import * as bytes from './bytes.ts'
import * as dates from './date-text.ts'
import { divideDecimals } from './decimals.ts'
import { javaFormat } from './java-format.ts'
import * as json from './json-query.ts'
import { macros } from './macros.ts'
import * as regexp from './regexp.ts'
import * as statistics from './statistics.ts'
import { wordStem } from './stem.ts'
import * as texts from './texts.ts'

/** Nothing may be fetched or loaded; results do not depend on the machine. */
const SETTINGS = [
  'SET autoinstall_known_extensions = false',
  'SET autoload_known_extensions = false',
  'SET allow_community_extensions = false',
  "SET TimeZone = 'UTC'",
  "SET default_null_order = 'NULLS_LAST'",
]

/** Makes a DuckDB instance speak what `translate` writes: settings, functions in JavaScript, macros. Once for each instance; about 100 ms. */
export async function setup(connection: DuckDBConnection): Promise<void> {
  for (const setting of SETTINGS) await connection.run(setting)
  for (const [name, parameters, result, call] of FUNCTIONS)
    connection.registerScalarFunction(scalarFunction(name, parameters, result, call))
  await connection.run(macros().join(';\n'))
}

type Call = (...values: never[]) => unknown

const FUNCTIONS: [name: string, parameters: DuckDBType[], result: DuckDBType, call: Call][] = [
  ['t_js_regexp_like', [VARCHAR, VARCHAR], BOOLEAN, regexp.regexpLike],
  ['t_js_regexp_count', [VARCHAR, VARCHAR], BIGINT, regexp.regexpCount],
  ['t_js_regexp_extract', [VARCHAR, VARCHAR, BIGINT], VARCHAR, regexp.regexpExtract],
  ['t_u_regexp_extract_all', [VARCHAR, VARCHAR, BIGINT], VARCHAR, regexp.regexpExtractAll],
  ['t_js_regexp_replace', [VARCHAR, VARCHAR, VARCHAR], VARCHAR, regexp.regexpReplace],
  ['t_u_regexp_split', [VARCHAR, VARCHAR], VARCHAR, regexp.regexpSplit],
  ['t_u_regexp_pieces', [VARCHAR, VARCHAR], VARCHAR, regexp.regexpPieces],
  ['t_js_regexp_position', [VARCHAR, VARCHAR, BIGINT, BIGINT], INTEGER, regexp.regexpPosition],
  ['t_js_mysql_text', [BIGINT, VARCHAR], VARCHAR, dates.mysqlDateText],
  ['t_js_joda_text', [BIGINT, VARCHAR, VARCHAR], VARCHAR, dates.jodaDateText],
  ['t_js_mysql_parse', [VARCHAR, VARCHAR], BIGINT, dates.mysqlParse],
  ['t_js_joda_parse', [VARCHAR, VARCHAR], VARCHAR, dates.jodaParse],
  ['t_js_format', [VARCHAR, VARCHAR], VARCHAR, javaFormat],
  ['t_js_json_exists', [VARCHAR, VARCHAR], VARCHAR, json.jsonExists],
  ['t_js_json_value', [VARCHAR, VARCHAR], VARCHAR, json.jsonValue],
  ['t_js_json_query', [VARCHAR, VARCHAR, VARCHAR, VARCHAR], VARCHAR, json.jsonQuery],
  ['t_js_divide', [VARCHAR, VARCHAR, BIGINT], VARCHAR, divideDecimals],
  ['t_js_hash', [VARCHAR, BLOB], BLOB, (name: string, data: Buffer) => bytes.hash(name, data)],
  ['t_js_hmac', [VARCHAR, BLOB, BLOB], BLOB, bytes.hmac],
  ['t_crc32', [BLOB], BIGINT, bytes.crc32],
  ['t_js_encode', [VARCHAR, BLOB], VARCHAR, bytes.encode],
  ['t_js_decode', [VARCHAR, VARCHAR], BLOB, bytes.decode],
  ['t_normalize', [VARCHAR, VARCHAR], VARCHAR, texts.normalize],
  ['t_from_utf8', [BLOB], VARCHAR, texts.fromUtf8],
  ['t_soundex', [VARCHAR], VARCHAR, texts.soundex],
  ['t_word_stem', [VARCHAR], VARCHAR, wordStem],
  ['t_url_encode', [VARCHAR], VARCHAR, texts.urlEncode],
  ['t_url_decode', [VARCHAR], VARCHAR, texts.urlDecode],
  ['t_url_parameter', [VARCHAR, VARCHAR], VARCHAR, texts.urlParameter],
  ['t_from_base', [VARCHAR, BIGINT], BIGINT, texts.fromBase],
  ['t_to_base', [BIGINT, BIGINT], VARCHAR, texts.toBase],
  ['t_json_parse', [VARCHAR], VARCHAR, texts.jsonParse],
  ['t_json_number', [VARCHAR, VARCHAR], VARCHAR, texts.jsonNumber],
  ['t_normal_cdf', [DOUBLE, DOUBLE, DOUBLE], DOUBLE, statistics.normalCdf],
  ['t_inverse_normal_cdf', [DOUBLE, DOUBLE, DOUBLE], DOUBLE, statistics.inverseNormalCdf],
  ['t_beta_cdf', [DOUBLE, DOUBLE, DOUBLE], DOUBLE, statistics.betaCdf],
  ['t_inverse_beta_cdf', [DOUBLE, DOUBLE, DOUBLE], DOUBLE, statistics.inverseBetaCdf],
  ['t_student_cdf', [DOUBLE, DOUBLE], DOUBLE, statistics.studentCdf],
  ['t_u_weighted_percentile', [VARCHAR, DOUBLE], DOUBLE, statistics.weightedPercentile],
  ['t_u_numeric_histogram', [VARCHAR, BIGINT], VARCHAR, statistics.numericHistogram],
]

/** A scalar function of DuckDB in JavaScript: NULL in any argument gives NULL; what it throws becomes the query's error. */
function scalarFunction(name: string, parameterTypes: DuckDBType[], returnType: DuckDBType, call: Call): DuckDBScalarFunction {
  return DuckDBScalarFunction.create({
    name,
    parameterTypes,
    returnType,
    mainFunction: (info, input, output) => {
      const columns = parameterTypes.map((_, i) => input.getColumnVector(i))
      try {
        for (let row = 0; row < input.rowCount; row++) {
          const values = columns.map((column, i) => plain(column.getItem(row), parameterTypes[i]!))
          const result = values.includes(null) ? null : (call as (...values: unknown[]) => unknown)(...values)
          output.setItem(row, (result === null ? null : returnType === BLOB ? blob(result as Buffer) : result) as never)
        }
      } catch (error) {
        info.setError((error as Error).message)
      }
      output.flush()
    },
  })
}

const plain = (value: unknown, type: DuckDBType) =>
  type === BLOB && value !== null ? Buffer.from((value as DuckDBBlobValue).bytes) : value
const blob = (bytesOf: Buffer) => new DuckDBBlobValue(new Uint8Array(bytesOf))
