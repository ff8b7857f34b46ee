import type { TableInput } from '@aws-sdk/client-glue'
import { place as textPlace, skipBlanks } from '../ddl/cursor.ts'
import type { Statement, WithValue } from '../ddl/statement.ts'
import { namedColumns } from '../ddl/views.ts'
import { databaseExists } from '../ddl/databases.ts'
import { parseS3 } from '../reading/files.ts'
import { QueryError } from '../sql/error.ts'
import { hiveTypeName, quoteName, type Type } from '../sql/types/types.ts'
import type { Translated } from '../sql/translate.ts'
import { lookUp } from './context.ts'
import type { Outcome } from './outcome.ts'
import type { StatementRun } from './statement-run.ts'
import { isEmpty, writeRows, type Format } from './write.ts'
import { finishWrite } from './finish-write.ts'

type CreateTableAs = Extract<Statement, { kind: 'create table as' }>

/** The table properties of CTAS that are known; the ones for Iceberg are refused with it. */
const KNOWN = [
  'format',
  'write_compression',
  'parquet_compression',
  'orc_compression',
  'format_version',
  'external_location',
  'field_delimiter',
  'partitioned_by',
  'bucketed_by',
  'bucket_count',
  'table_type',
  'is_external',
  'location',
  'partitioning',
]

interface Target {
  format: Format
  compression: string
  delimiter: string | undefined
  partitionedBy: string[]
  location: string
}

/** CREATE TABLE … AS: writes the rows, then registers table and partitions, so that a failure leaves no table behind. */
export async function createTableAs(run: StatementRun, statement: CreateTableAs, translated: Translated): Promise<Outcome> {
  const { catalog, storage, session, sql, now } = run
  const database = statement.name.database ?? run.database
  const at = textPlace(sql, skipBlanks(sql, 0))
  if (!databaseExists(catalog, database)) throw new QueryError('SCHEMA_NOT_FOUND', `Schema ${database} not found`, { at })
  if (lookUp(catalog, database, statement.name.table)) {
    if (statement.ifNotExists) return finishWrite(run, { updateType: 'CREATE TABLE', rows: 0, scannedBytes: 0, objects: [] })
    throw new QueryError('TABLE_ALREADY_EXISTS', `Table 'awsdatacatalog.${database}.${statement.name.table}' already exists`, {
      at,
    })
  }
  const columns = namedColumns(translated.columns, sql)
  const target = targetOf(run, statement.properties, `${database}.${statement.name.table}`)
  checkPartitioning(columns, target.partitionedBy)
  if (!(await isEmpty(storage, target.location)))
    throw new QueryError(
      'HIVE_PATH_ALREADY_EXISTS',
      `Target directory for table '${database}.${statement.name.table}' already exists: ${target.location}. You may need to manually clean the data at location '${target.location}' before retrying. Athena will not delete data in your account.`,
    )
  const scannedBytes = await session.prepare(translated)
  const names = columns.map(column => quoteName(column.name)).join(', ')
  const rows = `SELECT * FROM (${translated.stored}) AS r(${names})${statement.withData ? '' : ' LIMIT 0'}`
  const written = await writeRows(session, storage, { ...target, sql: rows, columns, now })
  const input = tableInput(statement.name.table, columns, target)
  await catalog.createTable(database, input)
  const partitions = written.partitions.map(({ folder, values }) => ({
    Values: values,
    StorageDescriptor: { ...input.StorageDescriptor, Location: `${target.location}${folder}` },
  }))
  if (partitions.length > 0) await catalog.createPartitions(database, statement.name.table, partitions)
  return finishWrite(run, { updateType: 'CREATE TABLE', rows: written.rows, scannedBytes, objects: written.objects })
}

function targetOf(run: StatementRun, properties: Record<string, WithValue>, table: string): Target {
  const invalid = Object.keys(properties).find(name => !KNOWN.includes(name))
  if (invalid)
    throw new QueryError('INVALID_TABLE_PROPERTY', `Catalog 'awsdatacatalog' table property '${invalid}' does not exist`)
  if (String(properties.table_type ?? 'HIVE').toUpperCase() !== 'HIVE')
    throw new QueryError('NOT_SUPPORTED', `tickerlake does not have ${String(properties.table_type)} tables`)
  if (properties.bucketed_by !== undefined || properties.bucket_count !== undefined)
    throw new QueryError('NOT_SUPPORTED', `tickerlake does not have bucketed tables: ${table}`)
  const location = String(properties.external_location ?? `${run.outputLocation}/`).replace(/\/?$/, '/')
  if (!parseS3(location)) throw new QueryError('INVALID_TABLE_PROPERTY', `External location is not a valid S3 path: ${location}`)
  const partitionedBy = properties.partitioned_by
  return {
    ...formatAndCompression(properties),
    delimiter: properties.field_delimiter === undefined ? undefined : String(properties.field_delimiter),
    partitionedBy: Array.isArray(partitionedBy) ? partitionedBy : [],
    location,
  }
}

/** `format` and `write_compression` (or its older names) of CTAS and UNLOAD. */
export function formatAndCompression(properties: Record<string, WithValue>): { format: Format; compression: string } {
  const format = String(properties.format ?? 'PARQUET').toUpperCase()
  if (['ORC', 'AVRO', 'ION', 'RCBINARY', 'RCTEXT', 'SEQUENCEFILE', 'CSV'].includes(format))
    throw new QueryError('NOT_SUPPORTED', `tickerlake does not write ${format}`)
  if (format !== 'PARQUET' && format !== 'JSON' && format !== 'TEXTFILE')
    throw new QueryError(
      'INVALID_TABLE_PROPERTY',
      `Unable to set catalog 'awsdatacatalog' table property 'format' to ['${format}']: Invalid value`,
    )
  const compression = properties.write_compression ?? properties.parquet_compression ?? properties.compression ?? 'GZIP'
  return { format, compression: String(compression).toUpperCase() }
}

function checkPartitioning(columns: { name: string }[], partitionedBy: string[]): void {
  const missing = partitionedBy.filter(name => !columns.some(column => column.name === name))
  if (missing.length > 0)
    throw new QueryError(
      'INVALID_TABLE_PROPERTY',
      `Partition columns ${JSON.stringify(missing).replaceAll('"', '')} not present in schema`,
    )
  if (partitionedBy.length === columns.length)
    throw new QueryError('INVALID_TABLE_PROPERTY', 'Table contains only partition columns')
  const last = columns.slice(columns.length - partitionedBy.length).map(column => column.name)
  if (partitionedBy.length > 0 && last.join() !== partitionedBy.join())
    throw new QueryError(
      'HIVE_COLUMN_ORDER_MISMATCH',
      `Partition keys must be the last columns in the table and in the same order as the table properties: [${partitionedBy.join(', ')}]`,
    )
}

const STORAGE = {
  PARQUET: [
    'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe',
    'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
    'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
  ],
  JSON: [
    'org.apache.hive.hcatalog.data.JsonSerDe',
    'org.apache.hadoop.mapred.TextInputFormat',
    'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
  ],
  TEXTFILE: [
    'org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe',
    'org.apache.hadoop.mapred.TextInputFormat',
    'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
  ],
} as const

function tableInput(
  name: string,
  columns: { name: string; type: Type }[],
  { format, delimiter, partitionedBy, location }: Target,
): TableInput {
  const [serde, input, output] = STORAGE[format]
  const catalogColumns = columns.map(column => ({ Name: column.name, Type: hiveTypeName(column.type) }))
  const keys = catalogColumns.length - partitionedBy.length
  return {
    Name: name,
    Owner: 'hadoop',
    TableType: 'EXTERNAL_TABLE',
    PartitionKeys: catalogColumns.slice(keys),
    StorageDescriptor: {
      Columns: catalogColumns.slice(0, keys),
      Location: location,
      InputFormat: input,
      OutputFormat: output,
      SerdeInfo: {
        SerializationLibrary: serde,
        Parameters:
          format === 'TEXTFILE' && delimiter !== undefined ? { 'field.delim': delimiter, 'serialization.format': delimiter } : {},
      },
    },
    Parameters: {
      EXTERNAL: 'TRUE',
      has_encrypted_data: 'false',
      classification: format === 'TEXTFILE' ? 'csv' : format.toLowerCase(),
    },
  }
}
