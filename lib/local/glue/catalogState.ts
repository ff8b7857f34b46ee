import type { Column, Database, Partition, SerDeInfo, Table } from '@aws-sdk/client-glue'

/** The whole catalog in memory, by lower-case name. */
export type CatalogState = Map<string, { database: Database; tables: Map<string, TableState> }>

/** A table with what belongs to it. */
export interface TableState {
  table: Table
  /** Older versions, oldest first. */
  versions: Table[]
  /** By the JSON of the values. */
  partitions: Map<string, Partition>
  /** All partitions by their values; made when first asked for, dropped by each change. */
  sorted?: Partition[]
  /** Partitions of one table mostly share columns and SerDe: each distinct one is kept once. */
  shared: Map<string, Column[] | SerDeInfo>
}

/** One line of the journal: what was stored or dropped, never what was asked, so that replaying it needs no rules. */
export type CatalogEntry =
  | { op: 'database'; database: Database }
  | { op: 'dropDatabase'; database: string }
  | { op: 'table'; table: Table; archive?: boolean }
  | { op: 'dropTable'; database: string; table: string }
  | { op: 'dropVersion'; database: string; table: string; versionId: string }
  | { op: 'partitions'; database: string; table: string; partitions: Partition[]; replaces?: string[][] }
  | { op: 'dropPartitions'; database: string; table: string; values: string[][] }

/** Applies one entry, fresh (with dates) or read back from the journal (with their text). */
export function applyEntry(state: CatalogState, entry: CatalogEntry): void {
  switch (entry.op) {
    case 'database': {
      const database = { ...entry.database, CreateTime: date(entry.database.CreateTime) }
      const old = state.get(database.Name!)
      if (old) old.database = database
      else state.set(database.Name!, { database, tables: new Map() })
      return
    }
    case 'dropDatabase':
      state.delete(entry.database)
      return
    case 'table':
      return applyTable(state, entry.table, entry.archive ?? false)
    case 'dropTable':
      state.get(entry.database)?.tables.delete(entry.table)
      return
    case 'dropVersion': {
      const owner = tableAt(state, entry)
      if (owner) owner.versions = owner.versions.filter(version => version.VersionId !== entry.versionId)
      return
    }
    case 'partitions':
    case 'dropPartitions':
      return applyPartitions(state, entry)
  }
}

function applyTable(state: CatalogState, given: Table, archive: boolean): void {
  const tables = state.get(given.DatabaseName!)?.tables
  if (!tables) return
  const table = withDates(given, ['CreateTime', 'UpdateTime', 'LastAccessTime', 'LastAnalyzedTime'])
  const old = tables.get(table.Name!)
  if (!old) {
    tables.set(table.Name!, { table, versions: [], partitions: new Map(), shared: new Map() })
    return
  }
  if (archive) old.versions.push(old.table)
  old.table = table
}

function applyPartitions(state: CatalogState, entry: CatalogEntry & { op: 'partitions' | 'dropPartitions' }): void {
  const owner = tableAt(state, entry)
  if (!owner) return
  owner.sorted = undefined
  const dropped = entry.op === 'dropPartitions' ? entry.values : (entry.replaces ?? [])
  for (const values of dropped) owner.partitions.delete(JSON.stringify(values))
  if (entry.op === 'dropPartitions') return
  for (const given of entry.partitions) {
    const partition = withDates(given, ['CreationTime', 'LastAccessTime', 'LastAnalyzedTime'])
    const descriptor = partition.StorageDescriptor
    if (descriptor) {
      partition.StorageDescriptor = {
        ...descriptor,
        ...(descriptor.Columns && { Columns: share(owner, descriptor.Columns) }),
        ...(descriptor.SerdeInfo && { SerdeInfo: share(owner, descriptor.SerdeInfo) }),
      }
    }
    owner.partitions.set(JSON.stringify(partition.Values), partition)
  }
}

/** The entries that make this state anew: what compaction writes. */
export function* snapshot(state: CatalogState): Generator<CatalogEntry> {
  for (const { database, tables } of state.values()) {
    yield { op: 'database', database }
    for (const { table, versions, partitions } of tables.values()) {
      for (const [at, version] of [...versions, table].entries()) yield { op: 'table', table: version, archive: at > 0 }
      const all = [...partitions.values()]
      for (let start = 0; start < all.length; start += 500) {
        yield { op: 'partitions', database: database.Name!, table: table.Name!, partitions: all.slice(start, start + 500) }
      }
    }
  }
}

function tableAt(state: CatalogState, { database, table }: { database: string; table: string }): TableState | undefined {
  return state.get(database)?.tables.get(table)
}

function share<T extends Column[] | SerDeInfo>(owner: TableState, value: T): T {
  const text = JSON.stringify(value)
  const known = owner.shared.get(text)
  if (known) return known as T
  owner.shared.set(text, value)
  return value
}

const date = (value: Date | string | undefined): Date | undefined => (value === undefined ? undefined : new Date(value))

function withDates<T extends object>(thing: T, fields: (keyof T)[]): T {
  const copy = { ...thing }
  for (const field of fields) if (copy[field] !== undefined) copy[field] = date(copy[field] as Date) as T[keyof T]
  return copy
}
