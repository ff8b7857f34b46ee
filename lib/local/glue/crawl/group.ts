import { breathing } from './breathing.ts'
import type { Shape } from './sample.ts'
import { belongTogether, unite, type Weighted } from './similar.ts'
import type { Folder, FoundFile } from './tree.ts'
import type { FoundColumn } from './types.ts'

/** Files that lie in one folder and share a schema: a partition, or all of a table without partitions. */
export interface Leaf {
  values: string[]
  /** A folder's key with `/` at the end, or one object's key. */
  key: string
  files: FoundFile[]
  columns: FoundColumn[]
}

/** What one table is to be made of. */
export interface Group {
  /** A folder's key with `/` at the end, or one object's key. */
  key: string
  /** Partition keys; a folder that is not `k=v` has none and becomes `partition_N`. */
  keys: (string | undefined)[]
  leaves: Leaf[]
  columns: FoundColumn[]
  compatibility: string
}

export interface Grouping {
  /** `TableGroupingPolicy=CombineCompatibleSchemas`: what has one format goes together, alike or not. */
  combine?: boolean
  /** `TableLevelConfiguration`: depth at which the tables lie, the bucket being 1. */
  tableLevel?: number
  /** Keys of folders that are tables since an earlier crawl, when only new folders are read: they stay tables, and nothing above them becomes one. */
  roots?: string[]
}

/**
 * The tables in a crawled folder. From the deepest folders up: what is of one format and looks alike becomes one unit, whose folders are partitions;
 * what does not becomes a table per folder, or per file where the files of one folder differ.
 */
export async function groupTables(root: Folder, grouping: Grouping = {}): Promise<Group[]> {
  const { unit, tables } = await groupFolder(root, { ...grouping, breathe: breathing() })
  return unit ? [unit, ...tables] : tables
}

/** `unit`: the whole folder as one thing, which may become a partition of the folder above; `tables`: what split off. */
interface Grouped {
  unit?: Group
  tables: Group[]
}

/** A unit as it would be on its own, and as a part of the folder above. */
interface Candidate {
  alone: Group
  asPart: Group
}

async function groupFolder(folder: Folder, grouping: Grouping & { breathe: () => Promise<void> }): Promise<Grouped> {
  await grouping.breathe()
  const own = folder.files.length > 0 ? groupFiles(folder, grouping) : undefined
  if (folder.folders.size === 0) return asRoot(own ?? { tables: [] }, folder.key, grouping)
  const candidates: Candidate[] = own?.unit ? [{ alone: own.unit, asPart: own.unit }] : []
  const tables = own?.tables ?? []
  let total = own ? 1 : 0
  for (const child of folder.folders.values()) {
    const { unit, tables: split } = await groupFolder(child, grouping)
    for (const table of split) tables.push(table)
    if (unit || split.length > 0) total += 1
    if (unit) candidates.push({ alone: unit, asPart: asPart(unit, child.name) })
  }
  if (isAboveTables(folder.key, grouping)) return { tables: [...candidates.map(one => one.alone), ...tables] }
  const joined = joinUnits(folder.key, candidates, total, combines(folder.key, grouping))
  return asRoot({ unit: joined.unit, tables: [...joined.tables, ...tables] }, folder.key, grouping)
}

/** A table of an earlier crawl is not joined to its neighbours. */
function asRoot({ unit, tables }: Grouped, key: string, { roots }: Grouping): Grouped {
  return unit && roots?.includes(key) ? { tables: [unit, ...tables] } : { unit, tables }
}

/** The files that lie directly in a folder. */
function groupFiles({ key, files }: Folder, grouping: Grouping): Grouped {
  const combine = combines(key, grouping)
  const alone = (some: FoundFile[]): Group[] => some.map(file => leafGroup(file.key, [file]))
  const [largest = [], ...others] = classesOf(files, file => file.shape.compatibility)
  if (!combine && !belongTogether(schemasOf(largest), files.length)) return { tables: alone(files) }
  return { unit: leafGroup(key, largest), tables: combine ? others.map(some => leafGroup(key, some)) : alone(others.flat()) }
}

/** The schemas of files, each once. */
function schemasOf(files: FoundFile[]): Weighted[] {
  const weights = new Map<Shape, number>()
  for (const { shape } of files) weights.set(shape, (weights.get(shape) ?? 0) + 1)
  return [...weights].map(([{ columns }, weight]) => ({ columns, weight }))
}

function leafGroup(key: string, files: FoundFile[]): Group {
  const columns = unite(new Set(files.map(file => file.shape)))
  return { key, keys: [], leaves: [{ values: [], key, files, columns }], columns, compatibility: files[0]!.shape.compatibility }
}

/** Joins the units of one level if they belong together; else each stands alone. `total` counts the folders that hold no unit, too. */
function joinUnits(key: string, units: Candidate[], total: number, combine: boolean): Grouped {
  const [largest, ...others] = classesOf(units, ({ asPart: { compatibility, keys } }) =>
    [compatibility, ...keys.map(name => name ?? '')].join('|'),
  )
  if (!largest) return { tables: [] }
  const schemas = largest.map(({ asPart: { columns } }) => ({ columns, weight: 1 }))
  if (!combine && !belongTogether(schemas, total)) return { tables: units.map(unit => unit.alone) }
  const merge = (candidates: Candidate[]): Group => {
    const parts = candidates.map(unit => unit.asPart)
    return { ...parts[0]!, key, leaves: parts.flatMap(part => part.leaves), columns: unite(parts) }
  }
  return { unit: merge(largest), tables: combine ? others.map(merge) : others.flat().map(unit => unit.alone) }
}

/** A unit seen from the folder above: the folder's name becomes the first partition value. */
function asPart(unit: Group, folderName: string): Group {
  const named = /^([^=]+)=(.*)$/s.exec(folderName)
  const value = named ? named[2]! : folderName
  const leaves = unit.leaves.map(leaf => ({ ...leaf, values: [value, ...leaf.values] }))
  return { ...unit, keys: [named?.[1]!.toLowerCase(), ...unit.keys], leaves }
}

const combines = (key: string, { combine = false, tableLevel, roots }: Grouping): boolean =>
  combine || (tableLevel !== undefined && depthOf(key) >= tableLevel) || (roots ?? []).some(root => key.startsWith(root))

const isAboveTables = (key: string, { tableLevel, roots }: Grouping): boolean =>
  (tableLevel !== undefined && depthOf(key) < tableLevel) || (roots ?? []).some(root => root !== key && root.startsWith(key))

/** Levels of a folder's key with its bucket: 1 for the bucket itself. */
const depthOf = (key: string): number => key.split('/').length

/** What one table could hold (same format, compression, delimiter, path structure), the most numerous first. */
function classesOf<T>(units: T[], compatibilityOf: (unit: T) => string): T[][] {
  const classes = new Map<string, T[]>()
  for (const unit of units) {
    const key = compatibilityOf(unit)
    const members = classes.get(key)
    if (members) members.push(unit)
    else classes.set(key, [unit])
  }
  return [...classes.values()].sort((a, b) => b.length - a.length)
}
