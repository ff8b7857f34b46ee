import { signature, widenColumns, type FoundColumn } from './types.ts'

/** One schema and how many (files or folders) have it. */
export interface Weighted {
  columns: FoundColumn[]
  weight: number
}

/** More than this share must look alike, and no more different schemas than this be there (re:Post, "How does the AWS Glue crawler detect the schema?"). */
const partitionThreshold = 0.7
const mostClusters = 5

/** How alike schemas are: the number of different ones, and the share of `total` that similar ones make up. */
export interface Likeness {
  different: number
  share: number
}

/** Different are other sets of column names: types are widened. `total` may be more than the sum of the weights: what has another format counts
 *  against. */
export function likeness(schemas: Iterable<Weighted>, total: number): Likeness {
  const different = heaviestFirst(schemas)
  const clusters: Names[] = []
  // Beyond the limit the share does not matter any more.
  for (const { names, weight } of different.slice(0, mostClusters + 1)) {
    const near = clusters.find(cluster => similar(cluster.names, names))
    if (near) near.weight += weight
    else clusters.push({ names, weight })
  }
  return { different: different.length, share: Math.max(0, ...clusters.map(cluster => cluster.weight)) / total }
}

/** Whether schemas that are so alike belong into one table. */
export const belongTogether = ({ different, share }: Likeness): boolean => different <= mostClusters && share > partitionThreshold

/** Why they do not, for the log. */
export const describeLikeness = ({ different, share }: Likeness): string =>
  `${different} different schemas (at most ${mostClusters}), ${Math.floor(share * 100)} % alike (more than ${partitionThreshold * 100} %)`

interface Names {
  names: Set<string>
  weight: number
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

/** Schemas by their column names, the heaviest first: it is what the others are compared with. */
function heaviestFirst(schemas: Iterable<Weighted>): Names[] {
  const distinct = new Map<string, Names>()
  for (const { columns, weight } of schemas) {
    const { key, names } = namesOf(columns)
    const known = distinct.get(key)
    if (known) known.weight += weight
    else distinct.set(key, { names, weight })
  }
  return [...distinct.values()].sort((a, b) => b.weight - a.weight)
}

const known = new WeakMap<FoundColumn[], { key: string; names: Set<string> }>()

/** The names of columns; thousands of objects share the same ones. */
function namesOf(columns: FoundColumn[]): { key: string; names: Set<string> } {
  let found = known.get(columns)
  if (!found) {
    const names = new Set(columns.map(column => column.name.toLowerCase()))
    found = { key: JSON.stringify([...names].sort()), names }
    known.set(columns, found)
  }
  return found
}

/**
 * AWS does not publish its measure. Ours: 70 % of all names in common, or, for a column added or missing, one holding all of the other and at least
 * half in common.
 */
function similar(a: Set<string>, b: Set<string>): boolean {
  const common = a.intersection(b).size
  const all = a.size + b.size - common
  if (all === 0) return true
  const share = common / all
  return share >= partitionThreshold || (share >= 0.5 && common === Math.min(a.size, b.size))
}
