import { invalidInput } from './names.ts'
import type { Grouping } from './crawl/group.ts'

/** A crawler's `Configuration` text, read. */
export interface CrawlerConfiguration {
  grouping: Grouping
  /** `CrawlerOutput.Tables.AddOrUpdateBehavior=MergeNewColumns`. */
  mergeNewColumns: boolean
  /** `CrawlerOutput.Partitions.AddOrUpdateBehavior=InheritFromTable`. */
  inheritFromTable: boolean
  tableThreshold?: number
}

type Json = Record<string, unknown>

/** Reads and checks the JSON of the Guide's page "Setting crawler configuration options"; fails with InvalidInputException. */
export function parseConfiguration(text: string | undefined): CrawlerConfiguration {
  const all = text ? parse(text) : {}
  checkKeys(all, 'Configuration', ['Version', 'CrawlerOutput', 'Grouping', 'CreatePartitionIndex'])
  if (text && all.Version !== 1 && all.Version !== '1.0' && all.Version !== '1') {
    throw invalidInput(`Configuration Version ${JSON.stringify(all.Version)} is not supported: the value must be 1.0.`)
  }
  const output = objectAt(all, 'CrawlerOutput', ['Tables', 'Partitions'])
  const tables = objectAt(output, 'Tables', ['AddOrUpdateBehavior', 'TableThreshold'], 'CrawlerOutput.')
  const partitions = objectAt(output, 'Partitions', ['AddOrUpdateBehavior'], 'CrawlerOutput.')
  const grouping = objectAt(all, 'Grouping', ['TableGroupingPolicy', 'TableLevelConfiguration'])
  return {
    mergeNewColumns: choice(tables, 'CrawlerOutput.Tables.AddOrUpdateBehavior', 'MergeNewColumns'),
    inheritFromTable: choice(partitions, 'CrawlerOutput.Partitions.AddOrUpdateBehavior', 'InheritFromTable'),
    tableThreshold: positive(tables, 'CrawlerOutput.Tables.TableThreshold'),
    grouping: {
      combine: choice(grouping, 'Grouping.TableGroupingPolicy', 'CombineCompatibleSchemas'),
      tableLevel: positive(grouping, 'Grouping.TableLevelConfiguration'),
    },
  }
}

function parse(text: string): Json {
  try {
    const value: unknown = JSON.parse(text)
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as Json
  } catch {
    // Answered below, like a value that is no object.
  }
  throw invalidInput('Configuration is not a valid JSON object.')
}

function objectAt(parent: Json, key: string, known: string[], path = ''): Json {
  const value = parent[key] ?? {}
  if (typeof value !== 'object' || Array.isArray(value)) throw invalidInput(`${path}${key} must be a JSON object.`)
  checkKeys(value as Json, path + key, known)
  return value as Json
}

function checkKeys(value: Json, path: string, known: string[]): void {
  const unknown = Object.keys(value).filter(key => !known.includes(key))
  if (unknown.length > 0) throw invalidInput(`${path} contains unsupported keys: ${unknown.join(', ')}.`)
}

function choice(parent: Json, path: string, only: string): boolean {
  const value = parent[path.split('.').at(-1)!]
  if (value === undefined) return false
  if (value !== only) throw invalidInput(`${path} contains unsupported value: ${String(value)}. Supported values: ${only}.`)
  return true
}

function positive(parent: Json, path: string): number | undefined {
  const value = parent[path.split('.').at(-1)!]
  if (value === undefined) return undefined
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
  if (typeof number !== 'number' || !Number.isInteger(number) || number < 1)
    throw invalidInput(`${path} must be a positive integer, not ${String(value)}.`)
  return number
}
