import { signature, widenColumns, type FoundColumn } from './types.ts'

/** One schema and how many (files or folders) have it. */
export interface Weighted {
  columns: FoundColumn[]
  weight: number
}

/** More than this share must look alike, and no more different schemas than this be there (re:Post, "How does the AWS Glue crawler detect the schema?"). */
const partitionThreshold = 0.7
const mostClusters = 5

/**
 * Whether schemas belong into one table: the largest cluster of similar ones weighs more than 70 % of `total` and there are at most five clusters.
 * `total` may be more than the sum of the weights: what has another format counts against.
 */
export function belongTogether(schemas: Iterable<Weighted>, total: number): boolean {
  const clusters: { names: Set<string>; weight: number }[] = []
  for (const { columns, weight } of heaviestFirst(schemas)) {
    const names = new Set(columns.map(column => column.name.toLowerCase()))
    const near = clusters.find(cluster => similar(cluster.names, names))
    if (near) near.weight += weight
    else if (clusters.length === mostClusters) return false
    else clusters.push({ names, weight })
  }
  return Math.max(...clusters.map(cluster => cluster.weight)) / total > partitionThreshold
}

/** All columns of all schemas, in the order they were first seen. */
export function unite(schemas: Iterable<{ columns: FoundColumn[] }>): FoundColumn[] {
  const seen = new Set<string>()
  let all: FoundColumn[] = []
  for (const { columns } of schemas) {
    const text = signature(columns)
    if (seen.has(text)) continue
    seen.add(text)
    all = all.length === 0 ? columns : widenColumns(all, columns)
  }
  return all
}

/** Same schemas counted once, the heaviest first: it is what the others are compared with. */
function heaviestFirst(schemas: Iterable<Weighted>): Weighted[] {
  const distinct = new Map<string, Weighted>()
  for (const { columns, weight } of schemas) {
    const text = signature(columns)
    const known = distinct.get(text)
    if (known) known.weight += weight
    else distinct.set(text, { columns, weight })
  }
  return [...distinct.values()].sort((a, b) => b.weight - a.weight)
}

/**
 * AWS does not publish its measure. Ours goes by column names alone (types are widened, as the Guide's int and double): 70 % of all names in common,
 * or, for a column added or missing, one holding all of the other and at least half in common.
 */
function similar(a: Set<string>, b: Set<string>): boolean {
  const common = a.intersection(b).size
  const all = a.size + b.size - common
  if (all === 0) return true
  const share = common / all
  return share >= partitionThreshold || (share >= 0.5 && common === Math.min(a.size, b.size))
}
