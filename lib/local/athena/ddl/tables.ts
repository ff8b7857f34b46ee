import type { Column, StorageDescriptor, TableInput } from '@aws-sdk/client-glue'
import { HiveError } from '../queries/failure.ts'
import { QueryError } from '../sql/error.ts'
import { parseS3 } from '../reading/files.ts'
import { databaseExists } from './databases.ts'
import type { ColumnDefinition, CreateTable, Statement } from './statement.ts'
import { executionError, findTable, isView, nothing, type DdlResult, type DdlTools } from './tools.ts'

type Of<K extends Statement['kind']> = Extract<Statement, { kind: K }>

/** SerDe and formats of STORED AS. ORC and Avro tables are refused when they are made: nothing here could read them. */
const FORMATS: Record<string, { serde: string; input: string; output: string }> = {
  TEXTFILE: {
    serde: 'org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe',
    input: 'org.apache.hadoop.mapred.TextInputFormat',
    output: 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
  },
  PARQUET: {
    serde: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe',
    input: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
    output: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
  },
}
const REFUSED_FORMATS = ['ORC', 'AVRO', 'RCFILE', 'SEQUENCEFILE', 'ION']

export async function createExternalTable(tools: DdlTools, statement: CreateTable): Promise<DdlResult> {
  const { catalog, database } = tools
  const { name, ifNotExists } = statement
  const target = name.database ?? database
  checkTable(statement)
  if (!databaseExists(catalog, target))
    throw new HiveError(`FAILED: SemanticException [Error 10072]: Database does not exist: ${target}`, { type: 1301 })
  if (findTable(tools, name)) {
    if (ifNotExists) return nothing
    throw executionError(`AlreadyExistsException(message:Table ${name.table} already exists)`)
  }
  await catalog.createTable(target, inputOf(statement))
  return nothing
}

function checkTable({ external, columns, partitions, storedAs, properties, location }: CreateTable): void {
  if (properties.table_type?.toUpperCase() === 'ICEBERG')
    throw new QueryError('NOT_SUPPORTED', 'tickerlake does not have Iceberg tables')
  if (!external) throw new QueryError('NOT_SUPPORTED', 'Only external tables can be created: CREATE EXTERNAL TABLE')
  if (storedAs && REFUSED_FORMATS.includes(storedAs))
    throw new QueryError('NOT_SUPPORTED', `tickerlake does not read ${storedAs} tables`)
  if (storedAs && !FORMATS[storedAs])
    throw new HiveError(`FAILED: SemanticException Unrecognized file format in STORED AS clause: '${storedAs}'`)
  if (!parseS3(location ?? '')) throw executionError(`MetaException(message:Location ${location} is not an S3 path)`)
  const names = columns.map(column => column.name)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice) throw new HiveError(`FAILED: SemanticException [Error 10036]: Duplicate column name: ${twice}`)
  const repeated = partitions.find(partition => names.includes(partition.name))
  if (repeated) throw new HiveError('FAILED: SemanticException [Error 10035]: Column repeated in partitioning columns')
}

function inputOf(statement: CreateTable): TableInput {
  const { name, columns, partitions, comment, properties } = statement
  return {
    Name: name.table,
    Owner: 'hadoop',
    TableType: 'EXTERNAL_TABLE',
    Retention: 0,
    PartitionKeys: partitions.map(catalogColumn),
    StorageDescriptor: { ...descriptor(statement), Columns: columns.map(catalogColumn) },
    Parameters: {
      EXTERNAL: 'TRUE',
      transient_lastDdlTime: String(Math.floor(Date.now() / 1000)),
      ...(comment !== undefined && { comment }),
      ...properties,
    },
  }
}

export const catalogColumn = ({ name, type, comment }: ColumnDefinition): Column => ({
  Name: name,
  Type: type,
  ...(comment !== undefined && { Comment: comment }),
})

function descriptor({
  serde,
  serdeProperties,
  storedAs,
  inputFormat,
  outputFormat,
  location,
  buckets,
}: CreateTable): StorageDescriptor {
  const format = FORMATS[storedAs ?? 'TEXTFILE']!
  return {
    Location: location!,
    InputFormat: inputFormat ?? format.input,
    OutputFormat: outputFormat ?? format.output,
    Compressed: false,
    NumberOfBuckets: buckets?.count ?? -1,
    BucketColumns: buckets?.columns ?? [],
    SerdeInfo: { SerializationLibrary: serde ?? format.serde, Parameters: { 'serialization.format': '1', ...serdeProperties } },
    StoredAsSubDirectories: false,
  }
}

export async function dropTable(tools: DdlTools, { name, ifExists }: Of<'drop table' | 'drop view'>): Promise<DdlResult> {
  const target = name.database ?? tools.database
  const table = findTable(tools, name)
  if (!table) {
    if (ifExists) return nothing
    throw new HiveError(`FAILED: SemanticException [Error 10001]: Table not found ${target}.${name.table}`, { type: 1301 })
  }
  if (isView(table))
    throw new HiveError(`FAILED: SemanticException [Error 10001]: Cannot drop a view with DROP TABLE: ${target}.${name.table}`)
  await tools.catalog.deleteTable(target, name.table)
  return nothing
}
