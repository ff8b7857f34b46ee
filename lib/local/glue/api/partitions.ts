import { createHash } from 'node:crypto'
import type {
  BatchCreatePartitionRequest,
  BatchDeletePartitionRequest,
  BatchGetPartitionRequest,
  BatchUpdatePartitionRequest,
  CreatePartitionRequest,
  DeletePartitionRequest,
  GetPartitionIndexesRequest,
  GetPartitionRequest,
  GetPartitionsRequest,
  Partition,
  Segment,
  UpdatePartitionRequest,
} from '@aws-sdk/client-glue'
import { ServiceError } from '../../aws/errors.ts'
import { compareValues, type CatalogStore } from '../catalog.ts'
import { alreadyExists, checkName, invalidInput, violated } from '../names.ts'
import { page } from '../page.ts'
import { fromWire, toWire } from '../wire.ts'
import { attempt, required, requiredList } from './required.ts'

/** CreatePartition, GetPartition, GetPartitions, UpdatePartition, DeletePartition, GetPartitionIndexes. */
export function partitionOperations(catalog: CatalogStore) {
  return {
    async CreatePartition(request: CreatePartitionRequest) {
      const input = fromWire(required(request.PartitionInput, 'partitionInput'))
      const { existing } = await catalog.createPartitions(...tableNamed(request), [input])
      if (existing.length > 0) throw alreadyExists('Partition already exists.')
      return {}
    },
    GetPartition: (request: GetPartitionRequest) =>
      toWire({ Partition: catalog.getPartition(...tableNamed(request), required(request.PartitionValues, 'partitionValues')) }),
    GetPartitions(request: GetPartitionsRequest) {
      const all = catalog.listPartitions(...tableNamed(request), { expression: request.Expression })
      const { items, NextToken } = page(segmentOf(all, request.Segment), request, {
        most: 1000,
        nameOf: partition => JSON.stringify(partition.Values),
        after(name) {
          const last = parseValues(name)
          return partition => compareValues(partition.Values!, last) > 0
        },
      })
      return toWire({ Partitions: request.ExcludeColumnSchema ? items.map(withoutColumns) : items, NextToken })
    },
    async UpdatePartition(request: UpdatePartitionRequest) {
      const values = required(request.PartitionValueList, 'partitionValueList')
      await catalog.updatePartition(...tableNamed(request), values, fromWire(required(request.PartitionInput, 'partitionInput')))
      return {}
    },
    async DeletePartition(request: DeletePartitionRequest) {
      await catalog.deletePartitions(...tableNamed(request), [required(request.PartitionValues, 'partitionValues')])
      return {}
    },
    GetPartitionIndexes(request: GetPartitionIndexesRequest) {
      catalog.getTable(...tableNamed(request))
      return { PartitionIndexDescriptorList: [] }
    },
  }
}

/** BatchCreatePartition (100), BatchGetPartition (1,000), BatchUpdatePartition (100), BatchDeletePartition (25): an entry's error never stops the others. */
export function partitionBatchOperations(catalog: CatalogStore) {
  return {
    async BatchCreatePartition(request: BatchCreatePartitionRequest) {
      const table = tableNamed(request)
      const keys = catalog.getTable(...table).PartitionKeys!.length
      const inputs = requiredList(request.PartitionInputList, 'partitionInputList', 100).map(fromWire)
      const Errors = []
      for (const { Values } of inputs.filter(input => input.Values?.length !== keys)) {
        Errors.push({ PartitionValues: Values, ErrorDetail: { ErrorCode: 'InvalidInputException', ErrorMessage: wrongCount } })
      }
      const whole = inputs.filter(input => input.Values?.length === keys)
      const { existing } = await catalog.createPartitions(...table, whole)
      for (const PartitionValues of existing) {
        const ErrorDetail = { ErrorCode: 'AlreadyExistsException', ErrorMessage: 'Partition already exists.' }
        Errors.push({ PartitionValues, ErrorDetail })
      }
      return { Errors }
    },
    BatchGetPartition(request: BatchGetPartitionRequest) {
      const table = tableNamed(request)
      catalog.getTable(...table)
      const Partitions: Partition[] = []
      for (const { Values } of requiredList(request.PartitionsToGet, 'partitionsToGet', 1000)) {
        try {
          Partitions.push(catalog.getPartition(...table, required(Values, 'partitionsToGet.values')))
        } catch (error) {
          if (!(error instanceof ServiceError) || error.code !== 'EntityNotFoundException') throw error
        }
      }
      return toWire({ Partitions, UnprocessedKeys: [] })
    },
    async BatchUpdatePartition(request: BatchUpdatePartitionRequest) {
      const table = tableNamed(request)
      catalog.getTable(...table)
      const Errors = []
      for (const { PartitionValueList = [], PartitionInput } of requiredList(request.Entries, 'entries', 100)) {
        const ErrorDetail = await attempt(() =>
          catalog.updatePartition(...table, PartitionValueList, fromWire(required(PartitionInput, 'entries.partitionInput'))),
        )
        if (ErrorDetail) Errors.push({ PartitionValueList, ErrorDetail })
      }
      return { Errors }
    },
    async BatchDeletePartition(request: BatchDeletePartitionRequest) {
      const table = tableNamed(request)
      catalog.getTable(...table)
      const Errors = []
      for (const { Values = [] } of requiredList(request.PartitionsToDelete, 'partitionsToDelete', 25)) {
        const ErrorDetail = await attempt(() => catalog.deletePartitions(...table, [Values]))
        if (ErrorDetail) Errors.push({ PartitionValues: Values, ErrorDetail })
      }
      return { Errors }
    },
  }
}

const wrongCount = 'The number of partition keys do not match the number of partition values'

const tableNamed = (request: { DatabaseName?: string; TableName?: string }): [database: string, table: string] => [
  checkName(request.DatabaseName, 'databaseName'),
  checkName(request.TableName, 'tableName'),
]

/** Each partition lies in exactly one of the segments, whatever was added meanwhile. */
function segmentOf(partitions: Partition[], segment: Segment | undefined): Partition[] {
  if (!segment) return partitions
  const { SegmentNumber = 0, TotalSegments = 1 } = segment
  if (TotalSegments < 1)
    throw violated(TotalSegments, 'segment.totalSegments', 'Member must have value greater than or equal to 1')
  if (TotalSegments > 10)
    throw violated(TotalSegments, 'segment.totalSegments', 'Member must have value less than or equal to 10')
  if (SegmentNumber < 0)
    throw violated(SegmentNumber, 'segment.segmentNumber', 'Member must have value greater than or equal to 0')
  if (SegmentNumber >= TotalSegments) throw invalidInput('Segment number must be less than the total number of segments.')
  return partitions.filter(({ Values }) => {
    const hash = createHash('md5').update(JSON.stringify(Values)).digest().readUInt32BE(0)
    return hash % TotalSegments === SegmentNumber
  })
}

function withoutColumns({ StorageDescriptor, ...partition }: Partition): Partition {
  if (!StorageDescriptor) return partition
  const { Columns, ...rest } = StorageDescriptor
  return { ...partition, StorageDescriptor: rest }
}

function parseValues(text: string): string[] {
  try {
    return JSON.parse(text) as string[]
  } catch {
    throw invalidInput('Invalid NextToken.')
  }
}
