import type { Cursor } from './cursor.ts'
import type { ColumnDefinition, PartitionSpec, Properties, TableName, WithValue } from './statement.ts'

/** `table`, `database.table` or `awsdatacatalog.database.table`. */
export function tableName(cursor: Cursor): TableName {
  const parts = [cursor.name()]
  while (parts.length < 3 && cursor.accept('.')) parts.push(cursor.name())
  const table = parts.pop()!
  return { database: parts.pop(), table }
}

/** `('key' = 'value', …)` of TBLPROPERTIES, SERDEPROPERTIES, DBPROPERTIES. */
export function properties(cursor: Cursor): Properties {
  const pairs: Properties = {}
  cursor.list(() => {
    const key = cursor.string()
    cursor.expect('=')
    pairs[key] = cursor.string()
  })
  return pairs
}

/** `(format = 'PARQUET', partitioned_by = ARRAY['dt'], bucket_count = 3)` of CTAS and UNLOAD. */
export function withProperties(cursor: Cursor): Record<string, WithValue> {
  const pairs: Record<string, WithValue> = {}
  cursor.list(() => {
    const key = cursor.name()
    cursor.expect('=')
    pairs[key] = withValue(cursor)
  })
  return pairs
}

function withValue(cursor: Cursor): WithValue {
  if (cursor.accept('ARRAY')) {
    cursor.expect('[')
    const items: string[] = []
    if (!cursor.at(']'))
      do items.push(cursor.string().toLowerCase())
      while (cursor.accept(','))
    cursor.expect(']')
    return items
  }
  if (cursor.accept('TRUE')) return true
  if (cursor.accept('FALSE')) return false
  return cursor.peek().kind === 'number' ? cursor.integer() : cursor.string()
}

/** `name type [COMMENT 'text']` */
export function column(cursor: Cursor): ColumnDefinition {
  const name = cursor.name()
  const type = columnType(cursor)
  return { name, type, comment: cursor.accept('COMMENT') ? cursor.string() : undefined }
}

const SIMPLE_TYPES = new Set(
  'boolean tinyint smallint int integer bigint float real double decimal char varchar string binary timestamp date'.split(' '),
)

/** A Hive type in its canonical spelling: lower case, no blanks; `integer` becomes `int`. */
export function columnType(cursor: Cursor): string {
  const token = cursor.peek()
  const name = token.kind === 'word' ? token.value.toLowerCase() : ''
  if (name === 'array' || name === 'map' || name === 'struct') {
    cursor.next()
    return nestedType(cursor, name)
  }
  if (!SIMPLE_TYPES.has(name)) cursor.fail('<type>')
  cursor.next()
  if (name === 'double') cursor.accept('PRECISION')
  const base = name === 'integer' ? 'int' : name === 'real' ? 'float' : name
  const sized = base === 'decimal' || base === 'char' || base === 'varchar'
  if (sized && cursor.at('(')) return `${base}(${cursor.list(() => cursor.integer()).join(',')})`
  return base === 'decimal' ? 'decimal(10,0)' : base
}

function nestedType(cursor: Cursor, name: 'array' | 'map' | 'struct'): string {
  cursor.expect('<')
  const items: string[] = []
  do {
    if (name !== 'struct') items.push(columnType(cursor))
    else {
      const field = cursor.name()
      cursor.accept(':')
      items.push(`${field}:${columnType(cursor)}`)
      if (cursor.accept('COMMENT')) cursor.string()
    }
  } while (cursor.accept(','))
  cursor.expect('>')
  return `${name}<${items.join(',')}>`
}

/** `PARTITION (dt = '2020-01-01', n = 3)`; the word itself has been read. */
export function partitionSpec(cursor: Cursor): PartitionSpec[] {
  return cursor.list(() => {
    const key = cursor.name()
    const operator = cursor.next().text
    if (!['=', '!=', '<>', '<', '>', '<=', '>='].includes(operator)) cursor.fail("'='")
    const value = cursor.peek().kind === 'string' || cursor.peek().kind === 'name' ? cursor.string() : cursor.next().text
    return { key, operator, value }
  })
}
