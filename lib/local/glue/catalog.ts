import type { Database, DatabaseInput, Partition, PartitionInput, Table, TableInput } from '@aws-sdk/client-glue'

/** The one catalog that the Glue API, the crawler and Athena share. Names fold to lower case. Reads answer at once, writes when they are on disk.
 *  Errors are `ServiceError`s with Glue's codes: EntityNotFoundException, AlreadyExistsException, InvalidInputException. */
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
