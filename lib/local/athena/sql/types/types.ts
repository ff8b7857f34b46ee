/** One type of Trino's type system. Physical form in DuckDB: see `duckdbType`. */
export type Type =
  | { kind: SimpleKind }
  /** `length` undefined: unbounded. */
  | { kind: 'varchar'; length?: number | undefined }
  | { kind: 'char'; length: number }
  | { kind: 'decimal'; precision: number; scale: number }
  | { kind: 'time' | 'timestamp' | 'time with time zone' | 'timestamp with time zone'; precision: number }
  | { kind: 'array'; element: Type }
  | { kind: 'map'; key: Type; value: Type }
  | { kind: 'row'; fields: Field[] }
  | { kind: 'function'; parameters: Type[]; result: Type }

export type SimpleKind =
  | 'boolean'
  | 'tinyint'
  | 'smallint'
  | 'integer'
  | 'bigint'
  | 'real'
  | 'double'
  | 'varbinary'
  | 'date'
  | 'json'
  | 'uuid'
  | 'interval day to second'
  | 'interval year to month'
  | 'unknown'

/** A field of a row; `name` undefined: `row(1, 2)` has fields without names, shown as `field0`, `field1`. */
export interface Field {
  name?: string | undefined
  type: Type
}

const simple = (kind: SimpleKind): Type => ({ kind })
export const BOOLEAN = simple('boolean')
export const TINYINT = simple('tinyint')
export const SMALLINT = simple('smallint')
export const INTEGER = simple('integer')
export const BIGINT = simple('bigint')
export const REAL = simple('real')
export const DOUBLE = simple('double')
export const VARBINARY = simple('varbinary')
export const DATE = simple('date')
export const JSON_TYPE = simple('json')
export const UUID = simple('uuid')
export const DAY_TO_SECOND = simple('interval day to second')
export const YEAR_TO_MONTH = simple('interval year to month')
export const UNKNOWN = simple('unknown')
export const VARCHAR: Type = { kind: 'varchar' }
export const timestamp = (precision = 3): Type => ({ kind: 'timestamp', precision })
export const timestampWithZone = (precision = 3): Type => ({ kind: 'timestamp with time zone', precision })
export const varchar = (length: number): Type => ({ kind: 'varchar', length })
export const decimal = (precision: number, scale: number): Type => ({ kind: 'decimal', precision, scale })
export const array = (element: Type): Type => ({ kind: 'array', element })
export const map = (key: Type, value: Type): Type => ({ kind: 'map', key, value })
export const row = (fields: Field[]): Type => ({ kind: 'row', fields })

/** `varchar(3)`, `timestamp(3) with time zone`, `array(row(a integer, double))`: as `typeof` and error messages print it. */
export function typeName(type: Type): string {
  switch (type.kind) {
    case 'varchar':
      return type.length === undefined ? 'varchar' : `varchar(${type.length})`
    case 'char':
      return `char(${type.length})`
    case 'decimal':
      return `decimal(${type.precision},${type.scale})`
    case 'time':
    case 'timestamp':
      return `${type.kind}(${type.precision})`
    case 'time with time zone':
      return `time(${type.precision}) with time zone`
    case 'timestamp with time zone':
      return `timestamp(${type.precision}) with time zone`
    case 'array':
      return `array(${typeName(type.element)})`
    case 'map':
      return `map(${typeName(type.key)}, ${typeName(type.value)})`
    case 'row':
      return `row(${type.fields.map(f => (f.name ? `${rowFieldName(f.name)} ` : '') + typeName(f.type)).join(', ')})`
    case 'function':
      return `function(${[...type.parameters, type.result].map(typeName).join(',')})`
    default:
      return type.kind
  }
}

const rowFieldName = (name: string) => (/^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name}"`)

/** The name of a field in the DuckDB struct and in `{a=1, field1=2}`. */
export const fieldKey = (field: Field, index: number) => field.name ?? `field${index}`

export const quoteName = (name: string) => `"${name.replaceAll('"', '""')}"`
export const quoteText = (text: string) => `'${text.replaceAll("'", "''")}'`

/** ColumnInfo.Type of GetQueryResults: `float` for real, no parameters. */
export function athenaTypeName(type: Type): string {
  return type.kind === 'real' ? 'float' : type.kind === 'unknown' ? 'unknown' : type.kind
}

/** The column type that a table made by CTAS gets in the catalog (`string`, `array<struct<a:int>>`). */
export function hiveTypeName(type: Type): string {
  switch (type.kind) {
    case 'varchar':
      return type.length === undefined ? 'string' : `varchar(${type.length})`
    case 'integer':
      return 'int'
    case 'real':
      return 'float'
    case 'varbinary':
      return 'binary'
    case 'decimal':
      return `decimal(${type.precision},${type.scale})`
    case 'char':
      return `char(${type.length})`
    case 'array':
      return `array<${hiveTypeName(type.element)}>`
    case 'map':
      return `map<${hiveTypeName(type.key)},${hiveTypeName(type.value)}>`
    case 'row':
      return `struct<${type.fields.map((f, i) => `${fieldKey(f, i)}:${hiveTypeName(f.type)}`).join(',')}>`
    default:
      return type.kind
  }
}

/** How a value of the type lives in DuckDB. Intervals are whole milliseconds or months; json is its canonical text; a time with zone is the UTC
 *  instant and the zone's name, because DuckDB's own TIMESTAMPTZ forgets the zone. */
export function duckdbType(type: Type): string {
  switch (type.kind) {
    case 'varchar':
    case 'char':
    case 'json':
    case 'uuid':
      return 'VARCHAR'
    case 'real':
      return 'FLOAT'
    case 'varbinary':
      return 'BLOB'
    case 'decimal':
      return `DECIMAL(${type.precision},${type.scale})`
    case 'interval day to second':
      return 'BIGINT'
    case 'interval year to month':
      return 'INTEGER'
    case 'timestamp with time zone':
      return 'STRUCT(t TIMESTAMP, z VARCHAR)'
    case 'time with time zone':
      return 'STRUCT(t TIME, z VARCHAR)'
    case 'array':
      return `${duckdbType(type.element)}[]`
    case 'map':
      return `MAP(${duckdbType(type.key)}, ${duckdbType(type.value)})`
    case 'row':
      return `STRUCT(${type.fields.map((f, i) => `${quoteName(fieldKey(f, i))} ${duckdbType(f.type)}`).join(', ')})`
    case 'unknown':
      return 'INTEGER'
    case 'function':
      throw new Error('a lambda has no value')
    default:
      return type.kind.toUpperCase()
  }
}

export function sameType(a: Type, b: Type): boolean {
  return typeName(a) === typeName(b)
}
