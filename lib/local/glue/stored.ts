import type { Partition, PartitionInput, StorageDescriptor, Table, TableInput } from '@aws-sdk/client-glue'
import { accountId, foldName } from './names.ts'

/** The table that `CreateTable` or `UpdateTable` stores: the input, its name in lower case, and what Glue adds. */
export function tableOf(
  database: string,
  input: TableInput,
  { createTime, updateTime, versionId }: { createTime: Date; updateTime: Date; versionId: number },
): Table {
  const { TargetTable, ...fields } = structuredClone(input)
  return {
    ...fields,
    Name: foldName(input.Name!),
    DatabaseName: database,
    CreateTime: createTime,
    UpdateTime: updateTime,
    Retention: input.Retention ?? 0,
    ...(fields.StorageDescriptor && { StorageDescriptor: descriptorOf(fields.StorageDescriptor) }),
    PartitionKeys: fields.PartitionKeys ?? [],
    ...(TargetTable && { TargetTable }),
    CreatedBy: `arn:aws:iam::${accountId}:root`,
    IsRegisteredWithLakeFormation: false,
    CatalogId: accountId,
    VersionId: String(versionId),
  }
}

/** The partition that is stored for `input`. */
export function partitionOf(table: Table, input: PartitionInput, creationTime: Date): Partition {
  const fields = structuredClone(input)
  return {
    ...fields,
    Values: fields.Values!,
    DatabaseName: table.DatabaseName,
    TableName: table.Name,
    CreationTime: creationTime,
    ...(fields.StorageDescriptor && { StorageDescriptor: descriptorOf(fields.StorageDescriptor) }),
    CatalogId: accountId,
  }
}

/** Glue answers these with their defaults when they were not given. */
function descriptorOf(given: StorageDescriptor): StorageDescriptor {
  return { Compressed: false, NumberOfBuckets: 0, SortColumns: [], StoredAsSubDirectories: false, ...given }
}
