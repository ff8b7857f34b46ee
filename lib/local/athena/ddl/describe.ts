import type { Column, Table } from '@aws-sdk/client-glue'
import { ServiceError } from '../../aws/errors.ts'
import { HiveError } from '../queries/failure.ts'
import { partitionName } from '../reading/statements.ts'
import type { Statement, TableName } from './statement.ts'
import { allColumns, executionError, findTable, isView, listing, tableOf, type DdlResult, type DdlTools } from './tools.ts'
import { viewOf } from './views.ts'

type Of<K extends Statement['kind']> = Extract<Statement, { kind: K }>

/** Hive's fixed width: padded to 20 characters, never cut. */
const padded = (text: string) => text.padEnd(20)

/** A comment ends at its first tab, after padding (measured on AWS). */
const described = ({ Name = '', Type = '', Comment = '' }: Column) =>
  `${padded(Name)}\t${padded(Type)}\t${padded(Comment).split('\t')[0]}`

/** The table of DESCRIBE and SHOW COLUMNS; a missing one is refused before there is a query. */
export function describable(tools: DdlTools, name: TableName): Table {
  const table = findTable(tools, name)
  if (table) return table
  const message =
    'Entity Not Found (Service: AmazonDataCatalog; Status Code: 400; Error Code: EntityNotFoundException; Proxy: null)'
  throw new ServiceError('InvalidRequestException', message, {
    fields: { AthenaErrorCode: 'INVALID_INPUT', ErrorCode: 'INVALID_INPUT' },
  })
}

export function describe(tools: DdlTools, { name, detail }: Of<'describe'>): DdlResult {
  const table = describable(tools, name)
  if (isView(table)) return describeView(table)
  const lines = allColumns(table).map(described)
  const keys = table.PartitionKeys ?? []
  if (keys.length > 0) {
    const header = `${padded('# col_name')}\t${padded('data_type')}\t${padded('comment')}`
    lines.push('\t \t ', '# Partition Information\t \t ', header, '\t \t ', ...keys.map(described))
  }
  if (detail) lines.push('\t \t ', '# Detailed Table Information\t \t ', ...details(table))
  const columns = ['col_name', 'data_type', 'comment'].map(column => ({ name: column, type: 'string' }))
  return { columns, lines, metadata: 'columns' }
}

function describeView(table: Table): DdlResult {
  const columns = viewOf(table)?.columns ?? (table.StorageDescriptor?.Columns ?? []).map(c => ({ name: c.Name!, type: c.Type! }))
  return listing(
    ['column', 'type'],
    columns.map(({ name, type }) => `${name}\t${type}`),
    'varchar',
  )
}

function details(table: Table): string[] {
  const { StorageDescriptor: storage } = table
  const line = (label: string, value: unknown) => `${padded(`${label}:`)}\t${String(value ?? '')}\t `
  return [
    line('Database', table.DatabaseName),
    line('Owner', table.Owner),
    line('Location', storage?.Location),
    line('Table Type', table.TableType),
    ...Object.entries(table.Parameters ?? {}).map(([key, value]) => `\t${key}\t${value}`),
    line('SerDe Library', storage?.SerdeInfo?.SerializationLibrary),
    line('InputFormat', storage?.InputFormat),
    line('OutputFormat', storage?.OutputFormat),
  ]
}

export function showColumns(tools: DdlTools, { name }: Of<'show columns'>): DdlResult {
  const table = describable(tools, name)
  if (isView(table)) return describeView(table)
  return listing(
    ['field'],
    allColumns(table).map(column => padded(column.Name!)),
  )
}

export function showPartitions(tools: DdlTools, { name }: Of<'show partitions'>): DdlResult {
  const table = tableOf(tools, name)
  const keys = (table.PartitionKeys ?? []).map(key => ({ name: key.Name! }))
  if (keys.length === 0) throw executionError(`Table ${table.Name} is not a partitioned table`)
  const partitions = tools.catalog.listPartitions(table.DatabaseName!, table.Name!)
  return listing(['partition'], partitions.map(({ Values }) => partitionName(keys, Values!)).sort())
}

export function showProperties(tools: DdlTools, { name, property }: Of<'show tblproperties'>): DdlResult {
  const table = tableOf(tools, name)
  const parameters = table.Parameters ?? {}
  const pairs = Object.entries(parameters).map(([key, value]) => `${key}\t${value}`)
  if (property === undefined)
    return listing(
      ['prpt_name', 'prpt_value'],
      pairs.flatMap(pair => pair.split('\n')),
    )
  const value = parameters[property] ?? `Table ${table.DatabaseName}.${table.Name} does not have property: ${property}`
  return listing(['prpt_name', 'prpt_value'], value.split('\n'))
}

/** Hive's own text, blanks at line ends included. */
export function showCreateTable(tools: DdlTools, { name }: Of<'show create table' | 'show create view'>): DdlResult {
  const table = tableOf(tools, name)
  if (isView(table)) throw new HiveError(`FAILED: SemanticException [Error 10001]: ${table.Name} is a view, not a table`)
  return { columns: [{ name: 'createtab_stmt', type: 'string' }], lines: createStatement(table), metadata: 'columns' }
}

function createStatement(table: Table): string[] {
  const { StorageDescriptor: storage } = table
  const serde = storage?.SerdeInfo
  const fromSerde = !/LazySimple|Parquet/.test(serde?.SerializationLibrary ?? '')
  const keys = table.PartitionKeys ?? []
  const { comment, EXTERNAL: _, ...parameters } = table.Parameters ?? {}
  return [
    `CREATE EXTERNAL TABLE \`${table.Name}\`(`,
    ...columnLines(storage?.Columns ?? [], fromSerde),
    ...(comment === undefined ? [] : [`COMMENT '${quoted(comment)}'`]),
    ...(keys.length > 0 ? ['PARTITIONED BY ( ', ...columnLines(keys, false)] : []),
    ...rowFormat(serde?.SerializationLibrary ?? '', serde?.Parameters ?? {}),
    'STORED AS INPUTFORMAT ',
    `  '${storage?.InputFormat}' `,
    'OUTPUTFORMAT ',
    `  '${storage?.OutputFormat}'`,
    'LOCATION',
    `  '${storage?.Location}'`,
    'TBLPROPERTIES (',
    ...pairLines(Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1))),
  ]
}

const quoted = (text: string) => text.replaceAll("'", "\\'")

function columnLines(columns: Column[], fromSerde: boolean): string[] {
  return columns.map(({ Name, Type, Comment }, i) => {
    const comment = Comment ?? (fromSerde ? 'from deserializer' : undefined)
    return `  \`${Name}\` ${Type}${comment === undefined ? '' : ` COMMENT '${quoted(comment)}'`}${i === columns.length - 1 ? ')' : ', '}`
  })
}

const pairLines = (pairs: [string, string | undefined][], end = ')') =>
  pairs.map(([key, value], i) => `  '${key}'='${quoted(value ?? '')}'${i === pairs.length - 1 ? end : ', '}`)

function rowFormat(library: string, parameters: Record<string, string>): string[] {
  const { 'field.delim': delimiter, 'serialization.format': format, ...others } = parameters
  if (library.endsWith('LazySimpleSerDe') && delimiter !== undefined && Object.keys(others).length === 0)
    return ['ROW FORMAT DELIMITED ', `  FIELDS TERMINATED BY '${delimiter === '\t' ? '\\t' : delimiter}' `]
  const pairs = Object.entries(parameters).filter(
    ([key]) => key !== 'serialization.format' || format !== '1' || Object.keys(parameters).length > 1,
  )
  return [
    'ROW FORMAT SERDE ',
    `  '${library}' `,
    ...(pairs.length > 0 ? ['WITH SERDEPROPERTIES ( ', ...pairLines(pairs, ') ')] : []),
  ]
}
