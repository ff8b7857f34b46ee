/** A table as a statement names it; folded to lower case. `database` undefined: the current one. */
export interface TableName {
  database?: string | undefined
  table: string
}

/** A column in Hive's words: `array<struct<a:int>>`. */
export interface ColumnDefinition {
  name: string
  type: string
  comment?: string | undefined
}

export type Properties = Record<string, string>

/** `PARTITION (dt = '2020-01-01', n > 3)` */
export interface PartitionSpec {
  key: string
  operator: string
  value: string
}

export interface CreateTable {
  kind: 'create table'
  name: TableName
  ifNotExists: boolean
  external: boolean
  columns: ColumnDefinition[]
  partitions: ColumnDefinition[]
  comment?: string | undefined
  serde?: string | undefined
  serdeProperties: Properties
  /** `PARQUET`, `TEXTFILE`, …, or undefined when INPUTFORMAT and OUTPUTFORMAT (or nothing) are given. */
  storedAs?: string | undefined
  inputFormat?: string | undefined
  outputFormat?: string | undefined
  location?: string | undefined
  properties: Properties
  buckets?: { columns: string[]; count: number } | undefined
}

/** A query inside a statement: `sql` is the whole statement, so that positions count from its start. */
export interface InnerQuery {
  /** Where the query begins in the statement. */
  start: number
  /** Where it ends (exclusive). */
  end: number
}

export type AlterAction =
  | { action: 'add partitions'; ifNotExists: boolean; partitions: { spec: PartitionSpec[]; location?: string | undefined }[] }
  | { action: 'drop partitions'; ifExists: boolean; specs: PartitionSpec[][] }
  | { action: 'rename partition'; from: PartitionSpec[]; to: PartitionSpec[] }
  | { action: 'set location'; location: string; partition?: PartitionSpec[] | undefined }
  | { action: 'set properties'; properties: Properties }
  | { action: 'add columns' | 'replace columns'; columns: ColumnDefinition[]; partition?: PartitionSpec[] | undefined }
  | { action: 'change column'; from: string; column: ColumnDefinition }
  | { action: 'rename'; to: TableName }
  | { action: 'drop column'; column: string }

export type WithValue = string | number | boolean | string[]

/** What a statement asks for. `query` is everything that the SQL translator reads as a whole. */
export type Statement =
  | { kind: 'query' }
  | {
      kind: 'create database'
      name: string
      ifNotExists: boolean
      comment?: string | undefined
      location?: string | undefined
      properties: Properties
    }
  | { kind: 'drop database'; name: string; ifExists: boolean; cascade: boolean }
  | CreateTable
  | ({ kind: 'alter table'; name: TableName } & AlterAction)
  | { kind: 'msck'; name: TableName }
  | { kind: 'drop table' | 'drop view'; name: TableName; ifExists: boolean }
  | { kind: 'create view'; name: TableName; orReplace: boolean; query: InnerQuery }
  | {
      kind: 'create table as'
      name: TableName
      ifNotExists: boolean
      properties: Record<string, WithValue>
      withData: boolean
      query: InnerQuery
    }
  | { kind: 'insert'; name: TableName; columns?: string[] | undefined; query: InnerQuery }
  | { kind: 'unload'; query: InnerQuery; to: string; properties: Record<string, WithValue> }
  | { kind: 'describe'; name: TableName; detail?: 'extended' | 'formatted' | undefined; partition?: PartitionSpec[] | undefined }
  | { kind: 'show databases'; like?: string | undefined }
  | { kind: 'show tables'; database?: string | undefined; like?: string | undefined }
  | { kind: 'show views'; database?: string | undefined; like?: string | undefined }
  | { kind: 'show functions'; like?: string | undefined }
  | { kind: 'show columns'; name: TableName }
  | { kind: 'show partitions'; name: TableName }
  | { kind: 'show create table' | 'show create view'; name: TableName }
  | { kind: 'show tblproperties'; name: TableName; property?: string | undefined }
  | { kind: 'explain'; analyze: boolean; format: 'TEXT' | 'JSON' | 'GRAPHVIZ'; query: InnerQuery }
  | { kind: 'prepare'; name: string; query: InnerQuery }
  | { kind: 'execute'; name: string; parameters: string[] }
  | { kind: 'deallocate'; name: string }

type Kind = Statement['kind']

const TYPES: Record<Exclude<Kind, 'alter table'>, [statementType: 'DDL' | 'DML' | 'UTILITY', substatementType: string]> = {
  query: ['DML', 'SELECT'],
  'create database': ['DDL', 'CREATE_DATABASE'],
  'drop database': ['DDL', 'DROP_DATABASE'],
  'create table': ['DDL', 'CREATE_TABLE'],
  'create table as': ['DDL', 'CREATE_TABLE_AS_SELECT'],
  'create view': ['DDL', 'CREATE_VIEW'],
  'drop table': ['DDL', 'DROP_TABLE'],
  'drop view': ['DDL', 'DROP_VIEW'],
  msck: ['DDL', 'MSCK_REPAIR'],
  insert: ['DML', 'INSERT'],
  unload: ['DML', 'UNLOAD'],
  explain: ['DML', 'EXPLAIN'],
  describe: ['UTILITY', 'DESCRIBE_TABLE'],
  'show databases': ['UTILITY', 'SHOW_DATABASES'],
  'show tables': ['UTILITY', 'SHOW_TABLES'],
  'show views': ['UTILITY', 'SHOW_VIEWS'],
  'show functions': ['UTILITY', 'SHOW_FUNCTIONS'],
  'show columns': ['UTILITY', 'SHOW_COLUMNS'],
  'show partitions': ['UTILITY', 'SHOW_PARTITIONS'],
  'show create table': ['UTILITY', 'SHOW_CREATE_TABLE'],
  'show create view': ['UTILITY', 'SHOW_CREATE_VIEW'],
  'show tblproperties': ['UTILITY', 'SHOW_TABLE_PROPERTIES'],
  prepare: ['UTILITY', 'PREPARE'],
  execute: ['DML', 'EXECUTE'],
  deallocate: ['UTILITY', 'DEALLOCATE_PREPARE'],
}

const ALTER_TYPES: Record<AlterAction['action'], string> = {
  'add partitions': 'ALTER_TABLE_ADD_PARTITION',
  'drop partitions': 'ALTER_TABLE_DROP_PARTITION',
  'rename partition': 'ALTER_TABLE_RENAME_PARTITION',
  'set location': 'ALTER_TABLE_SET_LOCATION',
  'set properties': 'ALTER_TABLE_PROPERTIES',
  'add columns': 'ALTER_TABLE_ADD_COLUMN',
  'replace columns': 'ALTER_TABLE_REPLACE_COLUMN',
  'change column': 'ALTER_TABLE_CHANGE_COLUMN',
  rename: 'ALTER_TABLE_RENAME',
  'drop column': 'ALTER_TABLE_DROP_COLUMN',
}

/** StatementType and SubstatementType of GetQueryExecution, as real Athena reports them. */
export function statementTypes(statement: Statement): { type: 'DDL' | 'DML' | 'UTILITY'; subtype: string } {
  if (statement.kind === 'alter table') return { type: 'DDL', subtype: ALTER_TYPES[statement.action] }
  const [type, subtype] = TYPES[statement.kind]
  return { type, subtype }
}
