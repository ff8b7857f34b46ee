import type { Table } from '@aws-sdk/client-glue'
import { randomUUID } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import type { Storage } from '../../s3/storage.ts'
import { parseS3 } from '../reading/files.ts'
import { QueryError } from '../sql/error.ts'
import { quoteName, quoteText, type Type } from '../sql/types/types.ts'
import type { Session } from './engine.ts'
import { engineId } from './outputs.ts'

export type Format = 'PARQUET' | 'JSON' | 'TEXTFILE'

/** What to write: a DuckDB query with its columns, the partition columns last. */
export interface WriteJob {
  sql: string
  columns: { name: string; type: Type }[]
  partitionedBy: string[]
  format: Format
  /** GZIP, SNAPPY, ZSTD or NONE; default GZIP. */
  compression: string
  /** Of TEXTFILE; default Hive's control character. */
  delimiter?: string | undefined
  /** Where the objects go: `s3://bucket/prefix/`. */
  location: string
  now: Date
}

export interface Written {
  rows: number
  /** Places of the objects, `s3://…`. */
  objects: string[]
  /** The partitions that were written to, as folder names below the location, with their values. */
  partitions: { folder: string; values: string[] }[]
}

const MOST_PARTITIONS = 100

/** Writes a query's rows as objects below a location: DuckDB into the scratch folder, then each file moves into the bucket. */
export async function writeRows(session: Session, storage: Storage, job: WriteJob): Promise<Written> {
  checkTypes(job)
  const target = join(session.folder, 'rows')
  const partitioned = job.partitionedBy.length > 0
  const file = partitioned ? target : `${target}${suffix(job)}`
  const answers = await session.run([`COPY (${rowsOf(job)}) TO ${quoteText(file)} (${copyOptions(job)})`])
  const rows = Number(answers[0]![0]![0])
  if (rows === 0) return { rows, objects: [], partitions: [] }
  const files = partitioned ? await filesBelow(target) : [file]
  const folders = [...new Set(files.map(path => folderOf(target, path, partitioned)))]
  if (folders.length > MOST_PARTITIONS)
    throw new QueryError(
      'HIVE_TOO_MANY_OPEN_PARTITIONS',
      `Exceeded limit of ${MOST_PARTITIONS} open writers for partitions/buckets`,
    )
  const { bucket, key } = parseS3(job.location)!
  const name = engineId(job.now)
  const objects: string[] = []
  for (const path of files) {
    const object = `${key.replace(/\/?$/, '/')}${folderOf(target, path, partitioned)}${name}_${randomUUID()}${suffix(job)}`
    await storage.putFile(bucket, object, path)
    objects.push(`s3://${bucket}/${object}`)
  }
  const partitions = partitioned ? folders.map(folder => ({ folder, values: folderValues(folder) })) : []
  return { rows, objects, partitions }
}

/** The ending by which Hive knows compressed text; Parquet carries its own compression. */
const suffix = ({ format, compression }: WriteJob) =>
  format === 'PARQUET' ? '' : ({ GZIP: '.gz', ZSTD: '.zst' }[compression] ?? '')

/** DuckDB writes JSON without partitions only, so each row becomes its JSON text first; a control character never stands in one. */
function rowsOf({ sql, format, columns, partitionedBy }: WriteJob): string {
  if (format !== 'JSON') return sql
  const fields = columns
    .filter(({ name }) => !partitionedBy.includes(name))
    .map(({ name }) => `${quoteName(name)} := r.${quoteName(name)}`)
  const keys = partitionedBy.map(name => `, r.${quoteName(name)}`).join('')
  return `SELECT to_json(struct_pack(${fields.join(', ')})) AS line${keys} FROM (${sql}) AS r`
}

function copyOptions({ format, compression, delimiter, partitionedBy }: WriteJob): string {
  const codec = { GZIP: 'gzip', ZSTD: 'zstd', SNAPPY: 'snappy', NONE: format === 'PARQUET' ? 'uncompressed' : 'none' }[
    compression
  ]
  if (!codec) throw new QueryError('INVALID_TABLE_PROPERTY', `Invalid compression: ${compression}`)
  const options = [`COMPRESSION ${codec}`]
  if (format === 'PARQUET') options.unshift('FORMAT parquet')
  else
    options.unshift(
      'FORMAT csv',
      'HEADER false',
      `DELIMITER ${quoteText(format === 'JSON' ? '\u0001' : (delimiter ?? '\u0001'))}`,
      "QUOTE ''",
      "ESCAPE ''",
      "NULLSTR '\\N'",
    )
  if (partitionedBy.length > 0) options.push(`PARTITION_BY (${partitionedBy.map(quoteName).join(', ')})`)
  return options.join(', ')
}

const UNWRITABLE = [
  'time',
  'time with time zone',
  'timestamp with time zone',
  'interval day to second',
  'interval year to month',
  'json',
  'uuid',
  'unknown',
]

function checkTypes({ columns, format }: WriteJob): void {
  for (const { name, type } of columns) {
    if (UNWRITABLE.includes(type.kind))
      throw new QueryError(
        'NOT_SUPPORTED',
        `Unsupported Hive type: ${type.kind === 'unknown' ? `column ${name} has no type` : type.kind}`,
      )
    if (format === 'TEXTFILE' && ['array', 'map', 'row'].includes(type.kind))
      throw new QueryError('NOT_SUPPORTED', `tickerlake does not write ${type.kind} columns as text: ${name}`)
  }
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
    .sort()
}

/** `dt=2020-01-01/`, or nothing for a table without partitions. */
const folderOf = (root: string, path: string, partitioned: boolean) =>
  partitioned ? `${relative(root, path).split(sep).slice(0, -1).join('/')}/` : ''

const folderValues = (folder: string) =>
  folder
    .replace(/\/$/, '')
    .split('/')
    .map(part => decodeURIComponent(part.slice(part.indexOf('=') + 1)))

/** Whether anything lies at a location. */
export async function isEmpty(storage: Storage, location: string): Promise<boolean> {
  const { bucket, key } = parseS3(location)!
  for await (const _ of storage.list(bucket, key.replace(/\/?$/, '/'))) return false
  return true
}

/** The format in which rows are added to a table, by its SerDe. */
export function formatOf(table: Table): { format: Format; delimiter?: string | undefined } {
  const { SerializationLibrary = '', Parameters = {} } = table.StorageDescriptor?.SerdeInfo ?? {}
  if (SerializationLibrary.includes('Parquet')) return { format: 'PARQUET' }
  if (/json/i.test(SerializationLibrary)) return { format: 'JSON' }
  if (SerializationLibrary.includes('LazySimple')) return { format: 'TEXTFILE', delimiter: Parameters['field.delim'] }
  throw new QueryError('NOT_SUPPORTED', `tickerlake does not write tables of the SerDe ${SerializationLibrary}`)
}
