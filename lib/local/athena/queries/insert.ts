import type { Table } from '@aws-sdk/client-glue'
import { place as textPlace, skipBlanks } from '../ddl/cursor.ts'
import type { Statement } from '../ddl/statement.ts'
import { isView } from '../ddl/tools.ts'
import { readColumns } from '../reading/partitions.ts'
import type { ReadColumn } from '../reading/source.ts'
import { parseS3 } from '../reading/files.ts'
import { QueryError } from '../sql/error.ts'
import { coercible } from '../sql/types/coerce.ts'
import { duckdbType, quoteName, typeName } from '../sql/types/types.ts'
import type { Translated } from '../sql/translate.ts'
import { lookUp } from './context.ts'
import { finishWrite } from './finish-write.ts'
import { formatAndCompression } from './create-table-as.ts'
import type { Outcome } from './outcome.ts'
import type { StatementRun } from './statement-run.ts'
import { formatOf, isEmpty, writeRows } from './write.ts'

type Insert = Extract<Statement, { kind: 'insert' }>

/** INSERT INTO: adds objects in the table's own format, and partitions that are new. */
export async function insertInto(run: StatementRun, statement: Insert, translated: Translated): Promise<Outcome> {
  const { session, storage, catalog, now } = run
  const { table, columns } = insertTarget(run, statement, translated)
  const scannedBytes = await session.prepare(translated)
  const location = (table.StorageDescriptor?.Location ?? '').replace(/\/?$/, '/')
  const partitionedBy = (table.PartitionKeys ?? []).map(key => key.Name!)
  const written = await writeRows(session, storage, {
    ...formatOf(table),
    compression: 'GZIP',
    sql: valuesFor(columns, statement.columns, translated),
    columns,
    partitionedBy,
    location,
    now,
  })
  const partitions = written.partitions.map(({ folder, values }) => ({
    Values: values,
    StorageDescriptor: { ...table.StorageDescriptor, Location: `${location}${folder}` },
  }))
  if (partitions.length > 0) await catalog.createPartitions(table.DatabaseName!, table.Name!, partitions)
  return finishWrite(run, { updateType: 'INSERT', rows: written.rows, scannedBytes, objects: written.objects })
}

/** The table and its columns, partition keys last, once the query's columns have been found to fit. */
function insertTarget(run: StatementRun, statement: Insert, translated: Translated): { table: Table; columns: ReadColumn[] } {
  const { catalog, sql } = run
  const at = textPlace(sql, skipBlanks(sql, 0))
  const database = statement.name.database ?? run.database
  const table = lookUp(catalog, database, statement.name.table)
  if (!table)
    throw new QueryError('TABLE_NOT_FOUND', `Table 'awsdatacatalog.${database}.${statement.name.table}' does not exist`, { at })
  if (isView(table)) throw new QueryError('NOT_SUPPORTED', 'Inserting into views is not supported', { at })
  const columns = [...readColumns(table.StorageDescriptor?.Columns), ...readColumns(table.PartitionKeys)]
  const unknown = statement.columns?.find(name => !columns.some(column => column.name === name))
  if (unknown) throw new QueryError('COLUMN_NOT_FOUND', `Insert column name does not exist in target table: ${unknown}`, { at })
  const twice = statement.columns?.find((name, i, all) => all.indexOf(name) !== i)
  if (twice) throw new QueryError('DUPLICATE_COLUMN_NAME', `Insert column name is specified more than once: ${twice}`, { at })
  const targets = statement.columns?.map(name => columns.find(column => column.name === name)!) ?? columns
  const given = translated.columns
  if (given.length !== targets.length || given.some(({ type }, i) => !coercible(type, targets[i]!.type))) {
    const names = (types: { type: ReadColumn['type'] }[]) => types.map(({ type }) => typeName(type)).join(', ')
    throw new QueryError(
      'TYPE_MISMATCH',
      `Insert query has mismatched column types: Table: [${names(targets)}], Query: [${names(given)}]`,
      { at },
    )
  }
  return { table, columns }
}

/** The query's values under the table's names and types; columns that were not named are NULL. */
function valuesFor(columns: ReadColumn[], named: string[] | undefined, { stored, columns: given }: Translated): string {
  const items = columns.map((column, i) => {
    const at = named ? named.indexOf(column.name) : i
    return `CAST(${at < 0 ? 'NULL' : `v${at}`} AS ${duckdbType(column.type)}) AS ${quoteName(column.name)}`
  })
  return `SELECT ${items.join(', ')} FROM (${stored}) AS r(${given.map((_, i) => `v${i}`).join(', ')})`
}

/** UNLOAD: a query's rows as objects below an empty prefix; no table. */
export async function unload(
  run: StatementRun,
  statement: Extract<Statement, { kind: 'unload' }>,
  translated: Translated,
): Promise<Outcome> {
  const { session, storage, now } = run
  const { properties } = statement
  const location = statement.to.replace(/\/?$/, '/')
  const place = parseS3(location)
  if (!place || !storage.hasBucket(place.bucket))
    throw new QueryError('INVALID_TABLE_PROPERTY', `Unload location is not a valid S3 path: ${statement.to}`)
  if (properties.format === undefined)
    throw new QueryError('INVALID_TABLE_PROPERTY', "Table property 'format' is required for UNLOAD")
  if (!(await isEmpty(storage, location)))
    throw new QueryError('HIVE_PATH_ALREADY_EXISTS', `Target directory for UNLOAD already exists: ${location}`)
  const scannedBytes = await session.prepare(translated)
  const partitionedBy = Array.isArray(properties.partitioned_by) ? properties.partitioned_by : []
  const columns = translated.columns.map((column, i) => ({ ...column, name: column.name === '' ? `_col${i}` : column.name }))
  const written = await writeRows(session, storage, {
    ...formatAndCompression(properties),
    delimiter: properties.field_delimiter === undefined ? undefined : String(properties.field_delimiter),
    sql: `SELECT * FROM (${translated.stored}) AS r(${columns.map(column => quoteName(column.name)).join(', ')})`,
    columns,
    partitionedBy,
    location,
    now,
  })
  return finishWrite(run, { updateType: 'UNLOAD', rows: written.rows, scannedBytes, objects: written.objects })
}
