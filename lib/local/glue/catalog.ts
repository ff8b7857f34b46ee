import { join } from 'node:path'
import type { Database, DatabaseInput, Partition, PartitionInput, Table, TableInput } from '@aws-sdk/client-glue'
import { applyEntry, snapshot, type CatalogEntry, type CatalogState } from './catalogState.ts'
import { compileExpression } from './expression.ts'
import { openJournal } from './journal.ts'
import { accountId, alreadyExists, checkName, foldName, invalidInput, notFound } from './names.ts'
import { partitionOf, tableOf } from './stored.ts'

/** The one catalog that the Glue API, the crawler and Athena share. Names fold to lower case. Reads answer at once, writes when they are on disk.
 *  Errors are `ServiceError`s with Glue's codes: EntityNotFoundException, AlreadyExistsException, InvalidInputException.
 *  What is read is the catalog's own: never change it. */
export interface Catalog {
  createDatabase(input: DatabaseInput): Promise<void>
  updateDatabase(name: string, input: DatabaseInput): Promise<void>
  deleteDatabase(name: string): Promise<void>
  getDatabase(name: string): Database
  listDatabases(): Database[]

  createTable(database: string, input: TableInput): Promise<void>
  /** Keeps the old one as a version unless `skipArchive`. */
  updateTable(database: string, input: TableInput, options?: { skipArchive?: boolean }): Promise<void>
  deleteTable(database: string, name: string): Promise<void>
  getTable(database: string, name: string): Table
  listTables(database: string): Table[]

  /** All or nothing per partition: the ones that exist already come back as `existing`. */
  createPartitions(database: string, table: string, inputs: PartitionInput[]): Promise<{ existing: string[][] }>
  updatePartition(database: string, table: string, values: string[], input: PartitionInput): Promise<void>
  deletePartitions(database: string, table: string, values: string[][]): Promise<void>
  getPartition(database: string, table: string, values: string[]): Partition
  /** `expression` is Glue's filter on the partition keys, such as `dt >= '2020-01-01' AND sym IN ('NYA')`. */
  listPartitions(database: string, table: string, options?: { expression?: string }): Partition[]
  close(): Promise<void>
}

/** What only the Glue API needs besides. */
export interface CatalogStore extends Catalog {
  /** All versions of a table, the newest (the table itself) first. */
  listTableVersions(database: string, table: string): Table[]
  deleteTableVersion(database: string, table: string, versionId: string): Promise<void>
}

/** Opens the catalog that lies in `<dir>/catalog.jsonl`; `dir` is the service's folder. One process at a time. */
export async function openCatalog({ dir }: { dir: string }): Promise<CatalogStore> {
  const state: CatalogState = new Map()
  const journal = await openJournal({
    file: join(dir, 'catalog.jsonl'),
    apply: (entry: CatalogEntry) => applyEntry(state, entry),
  })
  const live = liveEntries(state)
  if (journal.entryCount > 2 * live + 100) await journal.rewrite(snapshot(state))

  // Changed in memory first, so that two writers never both pass a check; answered when the journal has it.
  const write = (entry: CatalogEntry): Promise<void> => {
    applyEntry(state, entry)
    return journal.append(entry)
  }
  return { ...databases(state, write), ...tables(state, write), ...partitions(state, write), close: () => journal.close() }
}

type Write = (entry: CatalogEntry) => Promise<void>

function databaseIn(state: CatalogState, name: string) {
  const found = state.get(foldName(name))
  if (!found) throw notFound(`Database ${foldName(name)} not found.`)
  return found
}

function tableIn(state: CatalogState, database: string, name: string) {
  const found = databaseIn(state, database).tables.get(foldName(name))
  if (!found) throw notFound(`Table ${foldName(name)} not found.`)
  return found
}

function liveEntries(state: CatalogState): number {
  let count = state.size
  for (const database of state.values()) {
    for (const table of database.tables.values()) count += 1 + table.versions.length + Math.ceil(table.partitions.size / 500)
  }
  return count
}

function databases(state: CatalogState, write: Write) {
  const stored = (input: DatabaseInput, CreateTime: Date): Database => ({
    ...structuredClone(input),
    Name: foldName(checkName(input.Name, 'databaseInput.name')),
    CreateTime,
    CreateTableDefaultPermissions: input.CreateTableDefaultPermissions ?? [],
    CatalogId: accountId,
  })
  return {
    async createDatabase(input: DatabaseInput): Promise<void> {
      const database = stored(input, new Date())
      if (state.has(database.Name!)) throw alreadyExists('Database already exists.')
      await write({ op: 'database', database })
    },
    async updateDatabase(name: string, input: DatabaseInput): Promise<void> {
      const old = databaseIn(state, name).database
      if (foldName(input.Name ?? name) !== old.Name) throw invalidInput('Database name cannot be changed.')
      await write({ op: 'database', database: stored({ ...input, Name: old.Name }, old.CreateTime!) })
    },
    async deleteDatabase(name: string): Promise<void> {
      await write({ op: 'dropDatabase', database: databaseIn(state, name).database.Name! })
    },
    getDatabase: (name: string): Database => databaseIn(state, name).database,
    listDatabases: (): Database[] => sorted(state).map(entry => entry.database),
  }
}

function tables(state: CatalogState, write: Write) {
  return {
    async createTable(database: string, input: TableInput): Promise<void> {
      const { tables, database: owner } = databaseIn(state, database)
      const name = foldName(checkName(input.Name, 'tableInput.name'))
      if (tables.has(name)) throw alreadyExists('Table already exists.')
      const now = new Date()
      await write({ op: 'table', table: tableOf(owner.Name!, input, { createTime: now, updateTime: now, versionId: 0 }) })
    },
    async updateTable(database: string, input: TableInput, { skipArchive = false } = {}): Promise<void> {
      const { table: old, partitions } = tableIn(state, database, checkName(input.Name, 'tableInput.name'))
      if (partitions.size > 0 && (input.PartitionKeys ?? []).length !== (old.PartitionKeys ?? []).length) {
        throw invalidInput('The number of partition keys cannot be changed while the table has partitions.')
      }
      const table = tableOf(old.DatabaseName!, input, {
        createTime: old.CreateTime!,
        updateTime: new Date(),
        versionId: Number(old.VersionId) + 1,
      })
      await write({ op: 'table', table, archive: !skipArchive })
    },
    async deleteTable(database: string, name: string): Promise<void> {
      const { table } = tableIn(state, database, name)
      await write({ op: 'dropTable', database: table.DatabaseName!, table: table.Name! })
    },
    getTable: (database: string, name: string): Table => tableIn(state, database, name).table,
    listTables: (database: string): Table[] => sorted(databaseIn(state, database).tables).map(entry => entry.table),
    listTableVersions(database: string, name: string): Table[] {
      const { table, versions } = tableIn(state, database, name)
      return [table, ...versions.toReversed()]
    },
    async deleteTableVersion(database: string, name: string, versionId: string): Promise<void> {
      const { table, versions } = tableIn(state, database, name)
      if (table.VersionId === versionId) throw invalidInput('Cannot delete the latest table version.')
      if (!versions.some(version => version.VersionId === versionId)) throw notFound(`Version ${versionId} not found.`)
      await write({ op: 'dropVersion', database: table.DatabaseName!, table: table.Name!, versionId })
    },
  }
}

function partitions(state: CatalogState, write: Write) {
  const key = (values: string[]): string => JSON.stringify(values)
  const checkValues = (table: Table, values: string[] | undefined): string[] => {
    if ((values ?? []).length === (table.PartitionKeys ?? []).length && values) return values
    throw invalidInput('The number of partition keys do not match the number of partition values')
  }
  return {
    async createPartitions(database: string, name: string, inputs: PartitionInput[]): Promise<{ existing: string[][] }> {
      const { table, partitions } = tableIn(state, database, name)
      const existing: string[][] = []
      const created = new Map<string, Partition>()
      for (const input of inputs) {
        const values = checkValues(table, input.Values)
        if (partitions.has(key(values)) || created.has(key(values))) existing.push(values)
        else created.set(key(values), partitionOf(table, input, new Date()))
      }
      if (created.size > 0)
        await write({ op: 'partitions', database: table.DatabaseName!, table: table.Name!, partitions: [...created.values()] })
      return { existing }
    },
    async updatePartition(database: string, name: string, values: string[], input: PartitionInput): Promise<void> {
      const { table, partitions } = tableIn(state, database, name)
      const old = partitions.get(key(checkValues(table, values)))
      if (!old) throw notFound('Cannot find partition.')
      const next = checkValues(table, input.Values ?? values)
      const renamed = key(next) !== key(values)
      if (renamed && partitions.has(key(next))) throw alreadyExists('Partition already exists.')
      const owner = { database: table.DatabaseName!, table: table.Name! }
      const partition = partitionOf(table, { ...input, Values: next }, old.CreationTime!)
      await write({ op: 'partitions', ...owner, partitions: [partition], ...(renamed && { replaces: [values] }) })
    },
    async deletePartitions(database: string, name: string, values: string[][]): Promise<void> {
      const { table, partitions } = tableIn(state, database, name)
      for (const one of values) if (!partitions.has(key(one))) throw notFound('Cannot find partition.')
      await write({ op: 'dropPartitions', database: table.DatabaseName!, table: table.Name!, values })
    },
    getPartition(database: string, name: string, values: string[]): Partition {
      const { table, partitions } = tableIn(state, database, name)
      const found = partitions.get(key(checkValues(table, values)))
      if (!found) throw notFound('Cannot find partition.')
      return found
    },
    listPartitions(database: string, name: string, { expression }: { expression?: string } = {}): Partition[] {
      const owner = tableIn(state, database, name)
      owner.sorted ??= [...owner.partitions.values()].sort((a, b) => compareValues(a.Values!, b.Values!))
      if (!expression?.trim()) return owner.sorted
      const matches = compileExpression(expression, owner.table.PartitionKeys ?? [])
      return owner.sorted.filter(partition => matches(partition.Values!))
    },
  }
}

/** The order of partitions: by their values, the first key first. */
export function compareValues(left: string[], right: string[]): number {
  for (const [at, value] of left.entries()) {
    const other = right[at]!
    if (value !== other) return value < other ? -1 : 1
  }
  return 0
}

function sorted<T>(map: Map<string, T>): T[] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value)
}
