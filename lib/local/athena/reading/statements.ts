import { duckdbType, quoteName, quoteText } from '../sql/types/types.ts'
import type { ReadColumn, Source, SourceFile } from './source.ts'

/** A DuckDB list literal of texts. */
export const textList = (texts: string[]) => `[${texts.map(quoteText).join(', ')}]`

export type Compression = 'gzip' | 'zstd' | 'uncompressed'

/** Hive decides by the key's end, so that is what is followed, whatever the file is called on disk. */
export function compressionOf(key: string): Compression {
  if (key.endsWith('.gz')) return 'gzip'
  return key.endsWith('.zst') ? 'zstd' : 'uncompressed'
}

/** From so many files on, a list with an entry for each would cost more than reading them: DuckDB copies it for every file. */
const MANY_FILES = 500
const MOST_CALLS = 64

/** The files that one call reads: those of one compression; with many files also of one partition, whose values are constants then. */
export function fileGroups({
  files,
  partitionKeys,
  used,
}: Pick<Source, 'files' | 'partitionKeys' | 'used'>): [Compression, SourceFile[]][] {
  const byPartition =
    files.length > MANY_FILES &&
    partitionKeys.some(key => used.has(key.name)) &&
    new Set(files.map(file => file.partition.join('\0'))).size <= MOST_CALLS
  const groups = new Map<string, [Compression, SourceFile[]]>()
  for (const file of files) {
    const compression = compressionOf(file.object.key)
    const key = byPartition ? [compression, ...file.partition].join('\0') : compression
    const group = groups.get(key)
    if (group) group[1].push(file)
    else groups.set(key, [compression, [file]])
  }
  return [...groups.values()]
}

/** `[a, b, c][file_index + 1]`: a value that is the same for all rows of a file. */
function perFile(values: string[]): string {
  return new Set(values).size === 1 ? values[0]! : `[${values.join(', ')}][CAST(file_index AS BIGINT) + 1]`
}

/** The columns that do not come from a file's body: partition keys, and of `$path` and its like those that are asked for. With many files these
 *  lists are long, so a key that is not asked for is NULL. */
export function fileColumns({ partitionKeys, used }: Pick<Source, 'partitionKeys' | 'used'>, files: SourceFile[]): string[] {
  const keys = partitionKeys.map((key, i) => {
    const values = used.has(key.name)
      ? files.map(file => partitionValue(key, file.partition[i] ?? null))
      : [partitionValue(key, null)]
    return `${perFile(values)} AS ${quoteName(key.name)}`
  })
  const hidden: Record<string, (file: SourceFile) => string> = {
    $path: file => quoteText(`s3://${file.bucket}/${file.object.key}`),
    $file_size: file => `${file.object.sizeBytes}::BIGINT`,
    $partition: file => quoteText(partitionName(partitionKeys, file.partition)),
  }
  const asked = Object.keys(hidden).filter(name => used.has(name))
  return [...keys, ...asked.map(name => `${perFile(files.map(hidden[name]!))} AS ${quoteName(name)}`)]
}

/** `dt=2020-01-01/sym=NYA`, as SHOW PARTITIONS prints it. */
export const partitionName = (keys: { name: string }[], values: (string | null)[]) =>
  keys.map((key, i) => `${key.name}=${values[i] ?? '__HIVE_DEFAULT_PARTITION__'}`).join('/')

/** A partition's value as a literal of the key's type. */
export const partitionValue = (key: ReadColumn, value: string | null) =>
  value === null ? `NULL::${duckdbType(key.type)}` : `CAST(${quoteText(value)} AS ${duckdbType(key.type)})`

/** A relation without rows, for a table without objects. */
export function emptyRelation(columns: ReadColumn[]): string {
  const nulls = columns.map(column => `NULL::${duckdbType(column.type)} AS ${quoteName(column.name)}`)
  return `SELECT ${[...nulls, 'NULL::VARCHAR AS "$path"', 'NULL::BIGINT AS "$file_size"', 'NULL::VARCHAR AS "$partition"'].join(', ')} WHERE false`
}

/** What HIVE_BAD_DATA looks like for one field. `value` is a DuckDB expression. */
export const badData = (value: string, index: number) =>
  `error('\u00a1HIVE_BAD_DATA: Error parsing field value ''' || ${value} || ''' for field ' || ${quoteText(String(index))} || ': For input string: "' || ${value} || '"')`
