import type { Partition, Table } from '@aws-sdk/client-glue'
import type { Catalog } from '../../glue/catalog.ts'
import { QueryError } from '../sql/error.ts'
import { duckdbType, quoteName } from '../sql/types/types.ts'
import { hiveType } from '../sql/types/resolve.ts'
import { projectedLocation, projectedPartitions } from './projection.ts'
import type { ReadColumn, RunStatements } from './source.ts'
import { partitionName, partitionValue } from './statements.ts'

/** Where a partition's objects lie. `schema` is the one it was registered with, if any. */
export interface PartitionPlace {
  values: (string | null)[]
  location: string
  schema?: ReadColumn[]
}

const HIVE_NULL = '__HIVE_DEFAULT_PARTITION__'

export const readColumns = (columns: { Name?: string | undefined; Type?: string | undefined }[] | undefined): ReadColumn[] =>
  (columns ?? []).map(({ Name = '', Type = 'string' }) => ({ name: Name.toLowerCase(), hive: Type, type: hiveType(Type) }))

/** The partitions for which `filter` (a DuckDB condition over the keys) is true, from the catalog or by projection. */
export async function choosePartitions(
  table: Table,
  { catalog, run, filter, now }: { catalog: Catalog; run: RunStatements; filter: string | undefined; now: Date },
): Promise<PartitionPlace[]> {
  const keys = readColumns(table.PartitionKeys)
  const properties = table.Parameters ?? {}
  const location = table.StorageDescriptor?.Location ?? ''
  const projected = properties['projection.enabled']?.toLowerCase() === 'true'
  const places: PartitionPlace[] = projected
    ? projectedPartitions(keys, properties, now).map(values => ({
        values,
        location: projectedLocation(location, keys, values, properties),
      }))
    : catalog.listPartitions(table.DatabaseName!, table.Name!).map(partition => place(partition, keys, location))
  if (filter === undefined || places.length === 0) return places
  return prune(places, keys, filter, run)
}

function place(partition: Partition, keys: ReadColumn[], tableLocation: string): PartitionPlace {
  const values = (partition.Values ?? []).map(value => (value === HIVE_NULL ? null : value))
  const below = `${tableLocation.replace(/\/?$/, '/')}${partitionName(keys, values)}/`
  const columns = partition.StorageDescriptor?.Columns
  return {
    values,
    location: partition.StorageDescriptor?.Location ?? below,
    ...(columns?.length ? { schema: readColumns(columns) } : {}),
  }
}

/** DuckDB itself decides, on a table of the partitions' values: the condition means there what it means in the query. */
async function prune(
  places: PartitionPlace[],
  keys: ReadColumn[],
  filter: string,
  run: RunStatements,
): Promise<PartitionPlace[]> {
  const rows = places.map((item, i) => `(${i}, ${keys.map((key, k) => partitionValue(key, item.values[k] ?? null)).join(', ')})`)
  const names = ['"#"', ...keys.map(key => quoteName(key.name))].join(', ')
  const sql = `SELECT "#" FROM (VALUES ${rows.join(', ')}) AS partitions(${names}) WHERE ${filter} ORDER BY 1`
  const [kept] = await run([sql])
  return kept!.map(([index]) => places[Number(index)]!)
}

/** A partition's own types must be the table's, or ones that Hive turns into them.
 *  @throws QueryError HIVE_PARTITION_SCHEMA_MISMATCH */
export function checkSchema(table: Table, columns: ReadColumn[], keys: ReadColumn[], { schema, values }: PartitionPlace): void {
  for (const column of columns) {
    const own = schema?.find(({ name }) => name === column.name)
    if (!own || duckdbType(own.type) === duckdbType(column.type) || coerces(own, column)) continue
    throw new QueryError(
      'HIVE_PARTITION_SCHEMA_MISMATCH',
      `There is a mismatch between the table and partition schemas. The types are incompatible and cannot be coerced. The column '${column.name}' in table '${table.DatabaseName}.${table.Name}' is declared as type '${column.hive}', but partition '${partitionName(keys, values)}' declared column '${own.name}' as type '${own.hive}'.`,
    )
  }
}

const WIDER: Record<string, string[]> = {
  tinyint: ['smallint', 'integer', 'bigint', 'varchar'],
  smallint: ['integer', 'bigint', 'varchar'],
  integer: ['bigint', 'varchar'],
  bigint: ['varchar'],
  real: ['double'],
  double: ['real'],
  varchar: ['tinyint', 'smallint', 'integer', 'bigint', 'varchar', 'char'],
  char: ['varchar', 'char'],
  decimal: ['decimal', 'real', 'double'],
}

/** Trino's coercions from a partition's type to the table's; nested types coerce by field. */
function coerces(from: ReadColumn, to: ReadColumn): boolean {
  if (from.type.kind === 'row' && to.type.kind === 'row') return true
  return (WIDER[from.type.kind] ?? []).includes(to.type.kind)
}
