import { breathing } from './breathing.ts'
import type { Shape } from './sample.ts'
import { belongTogether, describeLikeness, likeness, unite, type Weighted } from './similar.ts'
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

/** What a crawler's `Configuration` and its past say about grouping. */
export interface Grouping {
  /** `TableGroupingPolicy=CombineCompatibleSchemas`: what has one format goes together, alike or not. */
  combine?: boolean
  /** `TableLevelConfiguration`: depth at which the tables lie, the bucket being 1. */
  tableLevel?: number
  /** Keys of folders that are tables since an earlier crawl, when only new folders are read: they stay tables, and nothing above them becomes one. */
  roots?: string[]
  /** Told why a folder did not become one table. */
  onSplit?: (key: string, reason: string) => void
}

/**
 * The tables in a crawled folder. From the deepest folders up: what is of one format and looks alike becomes one unit, whose folders are partitions;
 * what does not becomes a table per folder, or per file where the files of one folder differ. Levels of `k=v` folders count as one level.
 */
export async function groupTables(root: Folder, grouping: Grouping = {}): Promise<Group[]> {
  const { unit, parts = [], tables } = await groupFolder(root, { ...grouping, breathe: breathing() })
  return [...(unit ? [unit] : []), ...parts.map(part => part.alone), ...tables]
}

/** `unit`: the whole folder as one thing, which may become a partition of the folder above; or `parts`: what could not be joined, which may still join
 *  a level above; and `tables`: what split off for good. */
interface Grouped {
  unit?: Group
  parts?: Candidate[]
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
  const isHive = !own && isHiveLevel(folder)
  const candidates: Candidate[] = own?.unit ? [{ alone: own.unit, asPart: own.unit }] : []
  const tables = own?.tables ?? []
  let mixed = own && !own.unit ? 1 : 0
  for (const child of folder.folders.values()) {
    const { unit, parts = [], tables: split } = await groupFolder(child, grouping)
    const joining = unit ? [{ alone: unit, asPart: unit }] : isHive ? parts : []
    for (const { alone, asPart } of joining) candidates.push({ alone, asPart: within(asPart, child.name) })
    if (!isHive && !unit) for (const { alone } of parts) tables.push(alone)
    for (const table of split) tables.push(table)
    if (joining.length === 0 && parts.length + split.length > 0) mixed += 1
  }
  if (isAboveTables(folder.key, grouping)) return { tables: [...candidates.map(one => one.alone), ...tables] }
  const joined = joinCandidates(folder.key, candidates, {
    mixed,
    isHive,
    combine: combines(folder.key, grouping),
    onSplit: grouping.onSplit,
  })
  return asRoot({ ...joined, tables: [...joined.tables, ...tables] }, folder.key, grouping)
}

/** Whether all folders of a level are `k=v` of one key: they are partitions by their names, so the levels below are compared as one. */
function isHiveLevel({ folders }: Folder): boolean {
  const keys = new Set([...folders.keys()].map(name => partitionOfName(name).key))
  return keys.size === 1 && !keys.has(undefined)
}

/** A table of an earlier crawl is not joined to its neighbours. */
function asRoot(grouped: Grouped, key: string, { roots }: Grouping): Grouped {
  const { unit, tables } = grouped
  return unit && roots?.includes(key) ? { tables: [unit, ...tables] } : grouped
}

/** The files that lie directly in a folder. */
function groupFiles({ key, files }: Folder, grouping: Grouping): Grouped {
  const combine = combines(key, grouping)
  const alone = (some: FoundFile[]): Group[] => some.map(file => leafGroup(file.key, [file]))
  const [largest = [], ...others] = classesOf(
    files,
    file => file.shape.compatibility,
    () => 1,
  )
  const alike = likeness(schemasOf(largest), files.length)
  if (!combine && !belongTogether(alike)) {
    grouping.onSplit?.(key, `its ${files.length} objects have ${describeLikeness(alike)}: a table for each`)
    return { tables: alone(files) }
  }
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

/** Joins the units of one level if they belong together, each folder counting once, in levels of `k=v` each of the deepest folders. `mixed` counts
 *  those that hold no unit. */
function joinCandidates(
  key: string,
  units: Candidate[],
  { mixed, isHive, combine, onSplit }: { mixed: number; isHive: boolean; combine: boolean; onSplit: Grouping['onSplit'] },
): Grouped {
  const structure = ({ asPart: { compatibility, keys } }: Candidate): string =>
    [compatibility, ...keys.map(name => name ?? '')].join('|')
  const schemas = ({ asPart }: Candidate): Weighted[] =>
    (isHive ? asPart.leaves : [asPart]).map(({ columns }) => ({ columns, weight: 1 }))
  const [largest, ...others] = classesOf(units, structure, unit => (isHive ? unit.asPart.leaves.length : 1))
  if (!largest) return { tables: [] }
  const total = units.reduce((sum, unit) => sum + schemas(unit).length, mixed)
  const alike = likeness(largest.flatMap(schemas), total)
  if (!combine && !belongTogether(alike)) {
    onSplit?.(key, `its ${total} folders have ${describeLikeness(alike)}: they are not partitions of one table`)
    return { parts: units, tables: [] }
  }
  const merge = (candidates: Candidate[]): Group => {
    const parts = candidates.map(unit => unit.asPart)
    return { ...parts[0]!, key, leaves: parts.flatMap(part => part.leaves), columns: unite(parts) }
  }
  return { unit: merge(largest), tables: combine ? others.map(merge) : others.flat().map(unit => unit.alone) }
}

/** A unit seen from the folder above: the folder's name becomes the first partition value. */
function within(unit: Group, folderName: string): Group {
  const { key, value } = partitionOfName(folderName)
  const leaves = unit.leaves.map(leaf => ({ ...leaf, values: [value, ...leaf.values] }))
  return { ...unit, keys: [key, ...unit.keys], leaves }
}

/** `dt=2026-01-13` -> its key and value; another name is a value without a key. */
function partitionOfName(name: string): { key?: string; value: string } {
  const named = /^([^=]+)=(.*)$/s.exec(name)
  return named ? { key: named[1]!.toLowerCase(), value: named[2]! } : { value: name }
}

const combines = (key: string, { combine = false, tableLevel, roots }: Grouping): boolean =>
  combine || (tableLevel !== undefined && depthOf(key) >= tableLevel) || (roots ?? []).some(root => key.startsWith(root))

const isAboveTables = (key: string, { tableLevel, roots }: Grouping): boolean =>
  (tableLevel !== undefined && depthOf(key) < tableLevel) || (roots ?? []).some(root => root !== key && root.startsWith(key))

/** Levels of a folder's key with its bucket: 1 for the bucket itself. */
const depthOf = (key: string): number => key.split('/').length

/** What one table could hold (same format, compression, delimiter, path structure), the heaviest first. */
function classesOf<T>(units: T[], compatibilityOf: (unit: T) => string, weightOf: (unit: T) => number): T[][] {
  const classes = new Map<string, { members: T[]; weight: number }>()
  for (const unit of units) {
    const key = compatibilityOf(unit)
    const found = classes.get(key) ?? { members: [], weight: 0 }
    found.members.push(unit)
    found.weight += weightOf(unit)
    classes.set(key, found)
  }
  return [...classes.values()].sort((a, b) => b.weight - a.weight).map(({ members }) => members)
}
