import type { StoredObject } from '../../s3/storage.ts'
import type { Type } from '../sql/types/types.ts'

/** A column as the catalog has it; `type` is the resolved one. */
export interface ReadColumn {
  name: string
  hive: string
  type: Type
}

/** One object to read, with the values of the partition that it belongs to (null: Hive's default partition). */
export interface SourceFile {
  object: StoredObject
  bucket: string
  partition: (string | null)[]
}

/** Everything a reader must know: which objects, how they are written, and what the table says about them. */
export interface Source {
  /** `database.table`, for messages. */
  name: string
  serde: Serde
  parameters: Record<string, string>
  tableParameters: Record<string, string>
  columns: ReadColumn[]
  partitionKeys: ReadColumn[]
  /** Names of the columns that the query depends on. */
  used: ReadonlySet<string>
  files: SourceFile[]
}

/** Runs statements in the query process; the same folders are open to it as to the query. */
export type RunStatements = (statements: string[]) => Promise<unknown[][][]>

/** The SerDes that are read. ORC, Avro, Grok, Ion and the others are refused with their name. */
export type Serde = 'openx-json' | 'hive-json' | 'lazy-simple' | 'open-csv' | 'parquet'

const SERDES: Record<string, Serde> = {
  'org.openx.data.jsonserde.JsonSerDe': 'openx-json',
  'org.apache.hive.hcatalog.data.JsonSerDe': 'hive-json',
  'org.apache.hadoop.hive.serde2.JsonSerDe': 'hive-json',
  'org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe': 'lazy-simple',
  'org.apache.hadoop.hive.serde2.OpenCSVSerde': 'open-csv',
  'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe': 'parquet',
}

/** The SerDe of a library name, or undefined when it is not one that is read. */
export const serdeOf = (library: string | undefined): Serde | undefined => SERDES[library ?? '']
