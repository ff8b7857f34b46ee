import type { Column, PartitionInput, SerDeInfo, StorageDescriptor, TableInput } from '@aws-sdk/client-glue'
import type { Group, Leaf } from './group.ts'
import type { Shape } from './sample.ts'
import type { FoundFile } from './tree.ts'
import { hiveType, type FoundColumn } from './types.ts'

/** Who writes, for the parameters. */
export interface Writer {
  crawler: string
  runId: string
  bucket: string
  exclusions: string[]
}

const text = {
  InputFormat: 'org.apache.hadoop.mapred.TextInputFormat',
  OutputFormat: 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
}
const parquet = {
  InputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
  OutputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
}

/** The table a crawler writes for a group. Parameters stand on the table and on its storage descriptor alike, as the real one's. */
export function tableInputOf(group: Group, name: string, writer: Writer): TableInput {
  const isPartitioned = group.keys.length > 0
  const files = group.leaves.flatMap(leaf => leaf.files)
  const Parameters = { ...parametersOf(files, writer), ...(isPartitioned && { 'partition_filtering.enabled': 'true' }) }
  return {
    Name: name,
    Owner: 'owner',
    Retention: 0,
    StorageDescriptor: descriptorOf(group.key, files[0]!.shape, group.columns, Parameters, writer),
    PartitionKeys: group.keys.map((key, at) => ({ Name: key ?? `partition_${at}`, Type: 'string' })),
    TableType: 'EXTERNAL_TABLE',
    Parameters,
  }
}

/** A partition with a storage descriptor of its own: its schema may differ from the table's. */
export function partitionInputOf(leaf: Leaf, writer: Writer): PartitionInput {
  const Parameters = parametersOf(leaf.files, writer)
  return {
    Values: leaf.values,
    StorageDescriptor: descriptorOf(leaf.key, leaf.files[0]!.shape, leaf.columns, Parameters, writer),
    Parameters,
  }
}

/** An S3 URL, as `Location` has it. */
export const locationOf = (bucket: string, key: string): string => `s3://${bucket}/${key}`

function descriptorOf(
  key: string,
  shape: Shape,
  columns: FoundColumn[],
  Parameters: Record<string, string>,
  { bucket }: Writer,
): StorageDescriptor {
  return {
    Columns: columnsOf(columns),
    Location: locationOf(bucket, key),
    ...(shape.classification === 'parquet' ? parquet : text),
    Compressed: false,
    NumberOfBuckets: -1,
    SerdeInfo: serdeOf(shape, columns),
    BucketColumns: [],
    SortColumns: [],
    Parameters,
    StoredAsSubDirectories: false,
  }
}

const written = new WeakMap<FoundColumn[], Column[]>()

/** The columns as the catalog has them; made once for all partitions that share them. */
function columnsOf(columns: FoundColumn[]): Column[] {
  let found = written.get(columns)
  if (!found) {
    found = columns.map(({ name, type }) => ({ Name: name.toLowerCase(), Type: hiveType(type) }))
    written.set(columns, found)
  }
  return found
}

function serdeOf({ classification, csv }: Shape, columns: FoundColumn[]): SerDeInfo {
  if (classification === 'parquet') {
    return {
      SerializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe',
      Parameters: { 'serialization.format': '1' },
    }
  }
  if (classification === 'json') {
    const paths = columns.map(column => column.name).sort()
    return { SerializationLibrary: 'org.openx.data.jsonserde.JsonSerDe', Parameters: { paths: paths.join(',') } }
  }
  if (classification !== 'csv') return { Parameters: {} }
  if (csv?.serde === 'OpenCSVSerDe') {
    return {
      SerializationLibrary: 'org.apache.hadoop.hive.serde2.OpenCSVSerde',
      Parameters: { separatorChar: csv.delimiter, quoteChar: csv.quote ?? '"', 'serialization.format': '1' },
    }
  }
  const library = { SerializationLibrary: 'org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe' }
  return { ...(csv?.serde !== 'None' && library), Parameters: { 'field.delim': csv!.delimiter } }
}

function parametersOf(files: FoundFile[], { crawler, runId, exclusions }: Writer): Record<string, string> {
  const shape = files[0]!.shape
  let sizeBytes = 0
  let records = 0
  let recordBytes = 0
  for (const file of files) {
    sizeBytes += file.sizeBytes
    records += file.records
    recordBytes += file.records * file.averageRecordSize
  }
  return {
    sizeKey: String(sizeBytes),
    objectCount: String(files.length),
    recordCount: String(records),
    averageRecordSize: String(records === 0 ? 0 : Math.max(1, Math.round(recordBytes / records))),
    UPDATED_BY_CRAWLER: crawler,
    CRAWL_RUN_ID: runId,
    CrawlerSchemaSerializerVersion: '1.0',
    CrawlerSchemaDeserializerVersion: '1.0',
    compressionType: shape.compression,
    classification: shape.classification,
    typeOfData: 'file',
    ...(exclusions.length > 0 && { exclusions: JSON.stringify(exclusions) }),
    ...csvParameters(files),
  }
}

function csvParameters(files: FoundFile[]): Record<string, string> {
  const { csv } = files[0]!.shape
  if (!csv) return {}
  const hasHeader = files.some(file => file.shape.csv?.hasHeader)
  return {
    delimiter: csv.delimiter,
    columnsOrdered: 'true',
    areColumnsQuoted: 'false',
    ...(hasHeader && { 'skip.header.line.count': '1' }),
  }
}
