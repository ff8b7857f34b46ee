import { QueryError } from '../sql/error.ts'
import type { Cursor } from './cursor.ts'
import { column, properties, tableName } from './pieces.ts'
import type { CreateTable } from './statement.ts'

/** `CREATE EXTERNAL TABLE`, after the word TABLE; the clauses may come in any order, as Hive's parser allows for most of them. */
export function createTable(cursor: Cursor, external: boolean): CreateTable {
  const ifNotExists = cursor.accept('IF', 'NOT', 'EXISTS')
  const table: CreateTable = {
    kind: 'create table',
    name: tableName(cursor),
    ifNotExists,
    external,
    columns: cursor.at('(') ? cursor.list(() => column(cursor)) : [],
    partitions: [],
    serdeProperties: {},
    properties: {},
  }
  while (clause(cursor, table));
  if (!table.location) throw new QueryError('SYNTAX_ERROR', 'No location was specified for table')
  return table
}

function clause(cursor: Cursor, table: CreateTable): boolean {
  if (cursor.accept('COMMENT')) table.comment = cursor.string()
  else if (cursor.accept('PARTITIONED', 'BY')) table.partitions = cursor.list(() => column(cursor))
  else if (cursor.accept('CLUSTERED', 'BY')) table.buckets = buckets(cursor)
  else if (cursor.accept('ROW', 'FORMAT')) rowFormat(cursor, table)
  else if (cursor.accept('STORED', 'AS')) storedAs(cursor, table)
  else if (cursor.accept('WITH', 'SERDEPROPERTIES')) Object.assign(table.serdeProperties, properties(cursor))
  else if (cursor.accept('LOCATION')) table.location = cursor.string()
  else if (cursor.accept('TBLPROPERTIES')) table.properties = properties(cursor)
  else return false
  return true
}

function buckets(cursor: Cursor): { columns: string[]; count: number } {
  const columns = cursor.list(() => cursor.name())
  cursor.expect('INTO')
  const count = cursor.integer()
  cursor.expect('BUCKETS')
  return { columns, count }
}

function storedAs(cursor: Cursor, table: CreateTable): void {
  if (!cursor.accept('INPUTFORMAT')) {
    table.storedAs = cursor.name().toUpperCase()
    return
  }
  table.inputFormat = cursor.string()
  cursor.expect('OUTPUTFORMAT')
  table.outputFormat = cursor.string()
}

/** `ROW FORMAT SERDE 'class'` or `ROW FORMAT DELIMITED FIELDS TERMINATED BY …`, which is LazySimpleSerDe with properties. */
function rowFormat(cursor: Cursor, table: CreateTable): void {
  if (cursor.accept('SERDE')) {
    table.serde = cursor.string()
    return
  }
  cursor.expect('DELIMITED')
  table.serde = 'org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe'
  const set = (key: string) => (table.serdeProperties[key] = cursor.string())
  for (;;) {
    if (cursor.accept('FIELDS', 'TERMINATED', 'BY')) {
      table.serdeProperties['serialization.format'] = set('field.delim')
      if (cursor.accept('ESCAPED', 'BY')) set('escape.delim')
    } else if (cursor.accept('ESCAPED', 'BY')) set('escape.delim')
    else if (cursor.accept('COLLECTION', 'ITEMS', 'TERMINATED', 'BY')) set('collection.delim')
    else if (cursor.accept('MAP', 'KEYS', 'TERMINATED', 'BY')) set('mapkey.delim')
    else if (cursor.accept('LINES', 'TERMINATED', 'BY')) set('line.delim')
    else if (cursor.accept('NULL', 'DEFINED', 'AS')) set('serialization.null.format')
    else return
  }
}
