import { QueryError } from '../sql/error.ts'
import { parseAlterTable } from './alter-table.ts'
import { createTable } from './create-table.ts'
import { Cursor, place, skipBlanks } from './cursor.ts'
import { parseShow } from './show.ts'
import { properties, tableName, withProperties } from './pieces.ts'
import type { InnerQuery, Statement, TableName } from './statement.ts'

const STATEMENTS =
  "'ALTER', 'ANALYZE', 'CALL', 'COMMENT', 'COMMIT', 'CREATE', 'DEALLOCATE', 'DELETE', 'DENY', 'DESC', 'DESCRIBE', 'DROP', 'EXECUTE', 'EXPLAIN', 'GRANT', 'INSERT', 'MERGE', 'PREPARE', 'REFRESH', 'RESET', 'REVOKE', 'ROLLBACK', 'SET', 'SHOW', 'START', 'TRUNCATE', 'UNLOAD', 'UPDATE', 'USE', <query>"

/** Statements that Trino's grammar has and Athena refuses. */
const REFUSED = new Set(
  'ANALYZE CALL COMMENT COMMIT DELETE DENY GRANT MERGE REFRESH RESET REVOKE ROLLBACK SET START TRUNCATE UPDATE USE VACUUM OPTIMIZE'.split(
    ' ',
  ),
)
const QUERY = new Set(['SELECT', 'WITH', 'VALUES', 'TABLE', '('])

/** Reads one statement. Everything that is not a query is read to its end here; a query is left to the SQL translator.
 *  @throws QueryError SYNTAX_ERROR with line and column, or Athena's "Queries of this type are not supported" */
export function parseStatement(sql: string): Statement {
  const cursor = new Cursor(sql)
  const first = cursor.peek()
  const word = first.text.toUpperCase()
  if (first.kind === 'end') cursor.fail()
  if (QUERY.has(word)) return { kind: 'query' }
  if (REFUSED.has(word)) throw unsupported()
  const read = READERS[word]
  if (!read)
    throw new QueryError('SYNTAX_ERROR', `mismatched input '${first.text}'. Expecting: ${STATEMENTS}`, {
      at: place(sql, first.start),
    })
  cursor.next()
  return read(cursor)
}

/** Athena's answer to statements that it knows and does not run. */
export const unsupported = () => new QueryError('SYNTAX_ERROR', 'Queries of this type are not supported')

const READERS: Record<string, (cursor: Cursor) => Statement> = {
  CREATE: create,
  DROP: drop,
  ALTER: cursor => {
    cursor.expect('TABLE')
    return parseAlterTable(cursor)
  },
  MSCK: cursor => {
    cursor.expect('REPAIR', 'TABLE')
    return ended(cursor, { kind: 'msck', name: tableName(cursor) })
  },
  INSERT: insert,
  UNLOAD: unload,
  SHOW: parseShow,
  DESCRIBE: describe,
  DESC: describe,
  EXPLAIN: explain,
  PREPARE: cursor => {
    cursor.escapes = false
    const name = cursor.name()
    cursor.expect('FROM')
    return { kind: 'prepare', name, query: rest(cursor) }
  },
  EXECUTE: execute,
  DEALLOCATE: cursor => {
    cursor.escapes = false
    cursor.expect('PREPARE')
    return ended(cursor, { kind: 'deallocate', name: cursor.name() })
  },
}

function ended<T extends Statement>(cursor: Cursor, statement: T): T {
  cursor.end()
  return statement
}

function create(cursor: Cursor): Statement {
  if (cursor.accept('DATABASE') || cursor.accept('SCHEMA')) return createDatabase(cursor)
  if (cursor.accept('OR', 'REPLACE')) {
    cursor.expect('VIEW')
    return createView(cursor, true)
  }
  if (cursor.accept('VIEW')) return createView(cursor, false)
  if (cursor.accept('EXTERNAL')) {
    cursor.expect('TABLE')
    return ended(cursor, createTable(cursor, true))
  }
  if (!cursor.accept('TABLE')) cursor.fail("'DATABASE'", "'EXTERNAL'", "'OR'", "'SCHEMA'", "'TABLE'", "'VIEW'")
  const start = cursor.offset
  const ifNotExists = cursor.accept('IF', 'NOT', 'EXISTS')
  cursor.escapes = false
  const name = tableName(cursor)
  if (cursor.at('WITH') || cursor.at('AS')) return createTableAs(cursor, name, ifNotExists)
  cursor.escapes = true
  cursor.rewind(start)
  return ended(cursor, createTable(cursor, false))
}

function createDatabase(cursor: Cursor): Statement {
  const ifNotExists = cursor.accept('IF', 'NOT', 'EXISTS')
  const name = cursor.name()
  const comment = cursor.accept('COMMENT') ? cursor.string() : undefined
  const location = cursor.accept('LOCATION') ? cursor.string() : undefined
  const pairs = cursor.accept('WITH', 'DBPROPERTIES') ? properties(cursor) : {}
  return ended(cursor, { kind: 'create database', name, ifNotExists, comment, location, properties: pairs })
}

function createView(cursor: Cursor, orReplace: boolean): Statement {
  cursor.escapes = false
  const name = tableName(cursor)
  cursor.expect('AS')
  return { kind: 'create view', name, orReplace, query: rest(cursor) }
}

function createTableAs(cursor: Cursor, name: TableName, ifNotExists: boolean): Statement {
  const pairs = cursor.accept('WITH') ? withProperties(cursor) : {}
  cursor.expect('AS')
  const query = rest(cursor)
  const tail = /\s+WITH\s+(NO\s+)?DATA\s*$/i.exec(cursor.sql.slice(query.start, query.end))
  if (tail) query.end = query.start + tail.index
  return { kind: 'create table as', name, ifNotExists, properties: pairs, withData: !tail?.[1], query }
}

function drop(cursor: Cursor): Statement {
  if (cursor.accept('DATABASE') || cursor.accept('SCHEMA')) {
    const ifExists = cursor.accept('IF', 'EXISTS')
    const name = cursor.name()
    const cascade = cursor.accept('CASCADE')
    if (!cascade) cursor.accept('RESTRICT')
    return ended(cursor, { kind: 'drop database', name, ifExists, cascade })
  }
  const view = cursor.accept('VIEW')
  if (!view && !cursor.accept('TABLE')) cursor.fail("'DATABASE'", "'SCHEMA'", "'TABLE'", "'VIEW'")
  cursor.escapes = !view
  const ifExists = cursor.accept('IF', 'EXISTS')
  return ended(cursor, { kind: view ? 'drop view' : 'drop table', name: tableName(cursor), ifExists })
}

function insert(cursor: Cursor): Statement {
  cursor.expect('INTO')
  cursor.escapes = false
  const name = tableName(cursor)
  const mark = cursor.offset
  let columns: string[] | undefined
  if (cursor.at('(') && !isSubquery(cursor)) columns = cursor.list(() => cursor.name())
  else cursor.rewind(mark)
  return { kind: 'insert', name, columns, query: rest(cursor) }
}

function isSubquery(cursor: Cursor): boolean {
  const mark = cursor.offset
  cursor.next()
  const query = QUERY.has(cursor.peek().text.toUpperCase())
  cursor.rewind(mark)
  return query
}

function unload(cursor: Cursor): Statement {
  cursor.escapes = false
  cursor.expect('(')
  const start = cursor.offset
  for (let depth = 1; depth > 0;) {
    const token = cursor.next()
    if (token.kind === 'end') cursor.fail("')'")
    if (token.text === '(') depth++
    if (token.text === ')') depth--
    if (depth === 0) cursor.rewind(token.start)
  }
  const end = cursor.offset
  cursor.expect(')', 'TO')
  const to = cursor.string()
  const pairs = cursor.accept('WITH') ? withProperties(cursor) : {}
  return ended(cursor, { kind: 'unload', query: { start, end }, to, properties: pairs })
}

function describe(cursor: Cursor): Statement {
  const detail = cursor.accept('EXTENDED') ? 'extended' : cursor.accept('FORMATTED') ? 'formatted' : undefined
  const name = tableName(cursor)
  return ended(cursor, { kind: 'describe', name, detail })
}

function explain(cursor: Cursor): Statement {
  cursor.escapes = false
  const analyze = cursor.accept('ANALYZE')
  if (analyze) cursor.accept('VERBOSE')
  let format: 'TEXT' | 'JSON' | 'GRAPHVIZ' = 'TEXT'
  if (cursor.at('(') && !isSubquery(cursor)) {
    cursor.list(() => {
      const option = cursor.next().text.toUpperCase()
      const value = cursor.next().text.toUpperCase()
      if (option === 'FORMAT' && (value === 'JSON' || value === 'GRAPHVIZ')) format = value
    })
  }
  return { kind: 'explain', analyze, format, query: rest(cursor) }
}

function execute(cursor: Cursor): Statement {
  cursor.escapes = false
  const name = cursor.name()
  const parameters: string[] = []
  if (cursor.accept('USING')) {
    do parameters.push(argument(cursor))
    while (cursor.accept(','))
  }
  return ended(cursor, { kind: 'execute', name, parameters })
}

/** One expression of USING: up to the next comma outside of brackets. */
function argument(cursor: Cursor): string {
  const start = cursor.offset
  let end = start
  for (let depth = 0; ;) {
    const token = cursor.peek()
    if (token.kind === 'end' || (depth === 0 && (token.text === ',' || token.text === ';'))) break
    if ('(['.includes(token.text)) depth++
    if (')]'.includes(token.text)) depth--
    cursor.next()
    end = token.start + token.text.length
  }
  if (end === start) cursor.fail('<expression>')
  return cursor.sql.slice(start, end)
}

/** What is left of the statement, without a closing semicolon. */
function rest(cursor: Cursor): InnerQuery {
  const start = cursor.offset
  if (start >= cursor.sql.length) cursor.fail('<query>')
  const text = cursor.sql.slice(start).replace(/[\s;]+$/, '')
  return { start, end: start + text.length }
}

/** The statement without leading blanks and comments, upper case, for messages. */
export const firstWord = (sql: string) => /^\w+/.exec(sql.slice(skipBlanks(sql, 0)))?.[0].toUpperCase() ?? ''
