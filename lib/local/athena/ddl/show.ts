import type { Cursor } from './cursor.ts'
import { tableName } from './pieces.ts'
import type { Statement } from './statement.ts'

/** `SHOW …`, after the word SHOW. */
export function parseShow(cursor: Cursor): Statement {
  const statement = show(cursor)
  cursor.end()
  return statement
}

function show(cursor: Cursor): Statement {
  if (cursor.accept('DATABASES') || cursor.accept('SCHEMAS')) return { kind: 'show databases', like: pattern(cursor) }
  if (cursor.accept('TABLES')) return { kind: 'show tables', database: within(cursor), like: pattern(cursor) }
  if (cursor.accept('VIEWS')) return { kind: 'show views', database: within(cursor), like: pattern(cursor) }
  if (cursor.accept('FUNCTIONS')) return { kind: 'show functions', like: pattern(cursor) }
  if (cursor.accept('COLUMNS')) return showColumns(cursor)
  if (cursor.accept('PARTITIONS')) return { kind: 'show partitions', name: tableName(cursor) }
  if (cursor.accept('TBLPROPERTIES')) return showProperties(cursor)
  if (cursor.accept('CREATE', 'TABLE')) return { kind: 'show create table', name: tableName(cursor) }
  if (cursor.accept('CREATE', 'VIEW')) return { kind: 'show create view', name: tableName(cursor) }
  return cursor.fail(
    "'COLUMNS'",
    "'CREATE'",
    "'DATABASES'",
    "'FUNCTIONS'",
    "'PARTITIONS'",
    "'SCHEMAS'",
    "'TABLES'",
    "'TBLPROPERTIES'",
    "'VIEWS'",
  )
}

const within = (cursor: Cursor) => (cursor.accept('IN') || cursor.accept('FROM') ? cursor.name() : undefined)

function pattern(cursor: Cursor): string | undefined {
  const like = cursor.accept('LIKE')
  return like || cursor.peek().kind === 'string' ? cursor.string() : undefined
}

function showColumns(cursor: Cursor): Statement {
  if (!cursor.accept('IN') && !cursor.accept('FROM')) cursor.fail("'FROM'", "'IN'")
  const name = tableName(cursor)
  const database = within(cursor)
  return { kind: 'show columns', name: database ? { database, table: name.table } : name }
}

function showProperties(cursor: Cursor): Statement {
  const name = tableName(cursor)
  if (!cursor.accept('(')) return { kind: 'show tblproperties', name }
  const property = cursor.string()
  cursor.expect(')')
  return { kind: 'show tblproperties', name, property }
}
