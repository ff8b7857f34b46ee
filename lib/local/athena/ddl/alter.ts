import type { Partition, PartitionInput, Table } from '@aws-sdk/client-glue'
import { HiveError } from '../queries/failure.ts'
import { partitionName } from '../reading/statements.ts'
import { catalogColumn } from './tables.ts'
import type { PartitionSpec, Statement } from './statement.ts'
import { executionError, nothing, tableInput, tableOf, type DdlResult, type DdlTools } from './tools.ts'

type Alter = Extract<Statement, { kind: 'alter table' }>

export async function alterTable(tools: DdlTools, statement: Alter): Promise<DdlResult> {
  const table = tableOf(tools, statement.name)
  switch (statement.action) {
    case 'add partitions':
      return addPartitions(tools, table, statement)
    case 'drop partitions':
      return dropPartitions(tools, table, statement)
    case 'rename partition':
      return renamePartition(tools, table, statement.from, statement.to)
    case 'set location':
      return statement.partition
        ? movePartition(tools, table, statement.partition, statement.location)
        : moveTable(tools, table, statement.location)
    case 'set properties':
      return update(tools, table, { Parameters: { ...table.Parameters, ...statement.properties } })
    case 'add columns':
    case 'replace columns': {
      const before = statement.action === 'add columns' ? (table.StorageDescriptor?.Columns ?? []) : []
      const Columns = [...before, ...statement.columns.map(catalogColumn)]
      const names = [...Columns, ...(table.PartitionKeys ?? [])].map(column => column.Name!.toLowerCase())
      const twice = names.find((name, i) => names.indexOf(name) !== i)
      if (twice) throw executionError(`Duplicate column name: ${twice}`)
      await update(tools, table, { StorageDescriptor: { ...table.StorageDescriptor, Columns } })
      return { columns: [], lines: [], metadata: 'id' }
    }
    case 'drop column':
      throw new HiveError(
        `FAILED: ParseException line 1:0 mismatched input 'COLUMN' expecting PARTITION near 'DROP' in drop partition statement`,
      )
    case 'rename':
      throw executionError('Unable to alter table. Table cannot be renamed')
    case 'change column':
      throw new HiveError('FAILED: Query type not supported by DDL engine.')
  }
}

async function update(tools: DdlTools, table: Table, change: Partial<Table>): Promise<DdlResult> {
  await tools.catalog.updateTable(table.DatabaseName!, tableInput({ ...table, ...change }))
  return nothing
}

const moveTable = (tools: DdlTools, table: Table, Location: string) =>
  update(tools, table, { StorageDescriptor: { ...table.StorageDescriptor, Location } })

async function addPartitions(
  tools: DdlTools,
  table: Table,
  statement: Extract<Alter, { action: 'add partitions' }>,
): Promise<DdlResult> {
  const inputs = statement.partitions.map(({ spec, location }) => partitionInput(table, valuesOf(table, spec), location))
  const { existing } = await tools.catalog.createPartitions(table.DatabaseName!, table.Name!, inputs)
  if (existing.length > 0 && !statement.ifNotExists) {
    const [first] = existing
    throw executionError(`AlreadyExistsException(message:Partition already exists: ${table.Name} [${first!.join(', ')}])`)
  }
  return nothing
}

/** A partition as Athena registers it: with the table's descriptor and a location of its own. */
export function partitionInput(table: Table, values: string[], location?: string): PartitionInput {
  const base = table.StorageDescriptor?.Location?.replace(/\/?$/, '/') ?? ''
  const names = (table.PartitionKeys ?? []).map(key => ({ name: key.Name! }))
  return {
    Values: values,
    StorageDescriptor: { ...table.StorageDescriptor, Location: location ?? `${base}${partitionName(names, values)}/` },
  }
}

/** The values in the order of the keys; every key must be there, and nothing else. */
function valuesOf(table: Table, spec: PartitionSpec[]): string[] {
  const keys = (table.PartitionKeys ?? []).map(key => key.Name!)
  if (keys.length === 0)
    throw new HiveError(`FAILED: SemanticException table is not partitioned but partition spec exists: ${specText(spec)}`)
  const foreign = spec.find(item => !keys.includes(item.key))
  if (foreign)
    throw new HiveError(
      `FAILED: SemanticException [Error 10098]: Non-Partition column appears in the partition specification:  ${foreign.key}`,
    )
  if (spec.length !== keys.length)
    throw new HiveError(
      `FAILED: SemanticException partition spec ${specText(spec)} doesn't contain all (${keys.length}) partition columns`,
    )
  return keys.map(key => spec.find(item => item.key === key)!.value)
}

const specText = (spec: PartitionSpec[]) => `{${spec.map(({ key, value }) => `${key}=${value}`).join(', ')}}`

async function dropPartitions(
  tools: DdlTools,
  table: Table,
  statement: Extract<Alter, { action: 'drop partitions' }>,
): Promise<DdlResult> {
  const { catalog } = tools
  const partitions = catalog.listPartitions(table.DatabaseName!, table.Name!)
  for (const spec of statement.specs) {
    const dropped = partitions.filter(partition => spec.every(item => fits(table, partition, item)))
    if (dropped.length === 0 && !statement.ifExists)
      throw new HiveError(
        `FAILED: SemanticException [Error 10006]: Partition not found ${spec.map(({ key, operator, value }) => `(${key} ${operator} '${value}')`).join(' AND ')}`,
        { type: 1301 },
      )
    if (dropped.length > 0)
      await catalog.deletePartitions(
        table.DatabaseName!,
        table.Name!,
        dropped.map(partition => partition.Values!),
      )
  }
  return nothing
}

function fits(table: Table, partition: Partition, { key, operator, value }: PartitionSpec): boolean {
  const index = (table.PartitionKeys ?? []).findIndex(column => column.Name === key)
  if (index < 0)
    throw new HiveError(
      `FAILED: SemanticException [Error 10098]: Non-Partition column appears in the partition specification:  ${key}`,
    )
  const numeric = /int|double|float|decimal/.test(table.PartitionKeys![index]!.Type ?? 'string')
  const [left, right] = [partition.Values![index]!, value]
  const order = numeric ? Number(left) - Number(right) : left < right ? -1 : left > right ? 1 : 0
  switch (operator) {
    case '=':
      return order === 0
    case '<':
      return order < 0
    case '>':
      return order > 0
    case '<=':
      return order <= 0
    case '>=':
      return order >= 0
    default:
      return order !== 0
  }
}

function existing(tools: DdlTools, table: Table, spec: PartitionSpec[]): Partition {
  const values = valuesOf(table, spec)
  const found = tools.catalog
    .listPartitions(table.DatabaseName!, table.Name!)
    .find(partition => partition.Values!.join('\0') === values.join('\0'))
  if (!found)
    throw new HiveError(`FAILED: SemanticException [Error 10006]: Partition not found ${specText(spec)}`, { type: 1301 })
  return found
}

async function renamePartition(tools: DdlTools, table: Table, from: PartitionSpec[], to: PartitionSpec[]): Promise<DdlResult> {
  const { Values, StorageDescriptor, Parameters } = existing(tools, table, from)
  const input = { Values: valuesOf(table, to), StorageDescriptor, ...(Parameters && { Parameters }) }
  await tools.catalog.updatePartition(table.DatabaseName!, table.Name!, Values!, input)
  return nothing
}

async function movePartition(tools: DdlTools, table: Table, spec: PartitionSpec[], Location: string): Promise<DdlResult> {
  const { Values, StorageDescriptor, Parameters } = existing(tools, table, spec)
  const input = { Values: Values!, StorageDescriptor: { ...StorageDescriptor, Location }, ...(Parameters && { Parameters }) }
  await tools.catalog.updatePartition(table.DatabaseName!, table.Name!, Values!, input)
  return nothing
}
