import type { Cursor } from './cursor.ts'
import { column, columnType, partitionSpec, properties, tableName } from './pieces.ts'
import type { AlterAction, PartitionSpec, Statement } from './statement.ts'

/** `ALTER TABLE name …`, after the word TABLE. */
export function parseAlterTable(cursor: Cursor): Statement {
  const name = tableName(cursor)
  const action = alterAction(cursor)
  cursor.end()
  return { kind: 'alter table', name, ...action }
}

function alterAction(cursor: Cursor): AlterAction {
  if (cursor.accept('ADD')) return add(cursor)
  if (cursor.accept('DROP')) return drop(cursor)
  if (cursor.accept('RENAME', 'TO')) return { action: 'rename', to: tableName(cursor) }
  if (cursor.accept('REPLACE', 'COLUMNS')) return { action: 'replace columns', columns: cursor.list(() => column(cursor)) }
  if (cursor.accept('CHANGE')) return change(cursor)
  if (cursor.accept('SET')) return set(cursor, undefined)
  if (cursor.accept('PARTITION')) return onPartition(cursor)
  return cursor.fail("'.'", "'ADD'", "'DROP'", "'EXECUTE'", "'RENAME'", "'SET'")
}

function add(cursor: Cursor): AlterAction {
  if (cursor.accept('COLUMNS')) return { action: 'add columns', columns: cursor.list(() => column(cursor)) }
  const ifNotExists = cursor.accept('IF', 'NOT', 'EXISTS')
  const partitions: { spec: PartitionSpec[]; location?: string | undefined }[] = []
  while (cursor.accept('PARTITION')) {
    const spec = partitionSpec(cursor)
    partitions.push({ spec, location: cursor.accept('LOCATION') ? cursor.string() : undefined })
    cursor.accept(',')
  }
  if (!partitions.length) cursor.fail("'COLUMNS'", "'IF'", "'PARTITION'")
  return { action: 'add partitions', ifNotExists, partitions }
}

function drop(cursor: Cursor): AlterAction {
  if (cursor.accept('COLUMN')) return { action: 'drop column', column: cursor.name() }
  const ifExists = cursor.accept('IF', 'EXISTS')
  const specs: PartitionSpec[][] = []
  do {
    cursor.expect('PARTITION')
    specs.push(partitionSpec(cursor))
  } while (cursor.accept(','))
  return { action: 'drop partitions', ifExists, specs }
}

function change(cursor: Cursor): AlterAction {
  cursor.accept('COLUMN')
  const from = cursor.name()
  const name = cursor.name()
  const type = columnType(cursor)
  return {
    action: 'change column',
    from,
    column: { name, type, comment: cursor.accept('COMMENT') ? cursor.string() : undefined },
  }
}

function set(cursor: Cursor, partition: PartitionSpec[] | undefined): AlterAction {
  if (cursor.accept('LOCATION')) return { action: 'set location', location: cursor.string(), partition }
  if (partition || !cursor.accept('TBLPROPERTIES')) cursor.fail("'LOCATION'", "'TBLPROPERTIES'")
  return { action: 'set properties', properties: properties(cursor) }
}

function onPartition(cursor: Cursor): AlterAction {
  const partition = partitionSpec(cursor)
  if (cursor.accept('RENAME', 'TO', 'PARTITION'))
    return { action: 'rename partition', from: partition, to: partitionSpec(cursor) }
  if (cursor.accept('ADD', 'COLUMNS')) return { action: 'add columns', columns: cursor.list(() => column(cursor)), partition }
  if (cursor.accept('REPLACE', 'COLUMNS'))
    return { action: 'replace columns', columns: cursor.list(() => column(cursor)), partition }
  cursor.expect('SET')
  return set(cursor, partition)
}
