import type { Table } from '@aws-sdk/client-glue'
import { parseS3 } from '../reading/files.ts'
import { partitionInput } from './alter.ts'
import type { TableName } from './statement.ts'
import { tableOf, type DdlResult, type DdlTools } from './tools.ts'

/** MSCK REPAIR TABLE: registers every `key=value/` folder below the table's location that the catalog does not have. It never removes any. */
export async function repairTable(tools: DdlTools, name: TableName): Promise<DdlResult> {
  const table = tableOf(tools, name)
  const folders = await partitionFolders(tools, table)
  const known = new Set(
    tools.catalog.listPartitions(table.DatabaseName!, table.Name!).map(partition => partition.Values!.join('\0')),
  )
  const found = [...folders].filter(([key]) => !known.has(key)).map(([, folder]) => folder)
  for (let i = 0; i < found.length; i += 100) {
    const inputs = found.slice(i, i + 100).map(({ values, location }) => partitionInput(table, values, location))
    await tools.catalog.createPartitions(table.DatabaseName!, table.Name!, inputs)
  }
  const names = found.map(folder => `${table.Name}:${folder.name}`)
  const added = names.map(added => `Repair: Added partition to metastore ${added}`)
  const lines = names.length > 0 ? [`Partitions not in metastore:\t${names.join('\t')}`, ...added] : []
  return { columns: [], lines, metadata: 'id' }
}

interface Folder {
  name: string
  values: string[]
  location: string
}

/** By the values' text. Folder names are taken as Hive writes them: `%3A` stands for a colon. */
async function partitionFolders({ storage }: DdlTools, table: Table): Promise<Map<string, Folder>> {
  const folders = new Map<string, Folder>()
  const place = parseS3(table.StorageDescriptor?.Location ?? '')
  const keys = (table.PartitionKeys ?? []).map(key => key.Name!)
  if (!place || keys.length === 0 || !storage.hasBucket(place.bucket)) return folders
  const prefix = place.key === '' ? '' : place.key.replace(/\/?$/, '/')
  for await (const { key } of storage.list(place.bucket, prefix)) {
    const parts = key.slice(prefix.length).split('/').slice(0, keys.length)
    if (parts.length < keys.length || key.slice(prefix.length).split('/').length <= keys.length) continue
    if (!parts.every((part, i) => part.startsWith(`${keys[i]}=`))) continue
    const values = parts.map((part, i) => unescapeHive(part.slice(keys[i]!.length + 1)))
    folders.set(values.join('\0'), {
      name: parts.join('/'),
      values,
      location: `s3://${place.bucket}/${prefix}${parts.join('/')}/`,
    })
  }
  return folders
}

const unescapeHive = (text: string) =>
  text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
