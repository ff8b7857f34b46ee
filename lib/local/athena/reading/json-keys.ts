import type { ReadColumn, RunStatements, Source, SourceFile } from './source.ts'
import { compressionOf, textList } from './statements.ts'

/** How the keys of a JSON object are really written, by their lower-case name. */
export interface KeyTree {
  fields: Map<string, { spellings: Set<string>; tree: KeyTree }>
  /** Of the objects inside an array. */
  elements?: KeyTree
}

const emptyTree = (): KeyTree => ({ fields: new Map() })

/** Objects looked into, spread over all of them, and documents of each. A spelling that occurs in none of them is not found. */
const SAMPLE_FILES = 16
const SAMPLE_ROWS = 200

/** What was found in one object never changes, so it is kept by path and ETag. */
const seen = new Map<string, string>()
const SEEN_LIMIT = 20_000

/** The spelling of each column's key: from `mapping.` properties, from the crawler's `paths`, else from a look into the objects. */
export async function jsonKeys(source: Source, run: RunStatements): Promise<KeyTree> {
  const tree = emptyTree()
  const { parameters } = source
  const sensitive = source.serde === 'openx-json' && parameters['case.insensitive']?.toLowerCase() === 'false'
  for (const path of sensitive ? [] : (parameters.paths ?? '').split(',')) if (path) add(tree, path.trim())
  const dots = parameters['dots.in.keys']?.toLowerCase() === 'true'
  const unknown = (column: ReadColumn) => isNested(column) || !tree.fields.has(column.name) || dots
  if (!sensitive && source.columns.some(column => unknown(column) && !mapped(parameters, column))) {
    for (const structure of await sample(source.files, run)) merge(tree, JSON.parse(structure), dots)
  }
  for (const column of source.columns) {
    const key = mapped(parameters, column)
    if (key === undefined) continue
    tree.fields.set(column.name, { spellings: new Set([key]), tree: tree.fields.get(key.toLowerCase())?.tree ?? emptyTree() })
  }
  return tree
}

const mapped = (parameters: Record<string, string>, column: ReadColumn) => parameters[`mapping.${column.name}`]
const isNested = (column: ReadColumn) => ['row', 'array', 'map'].includes(column.type.kind) && column.hive.includes('struct<')

function add(tree: KeyTree, key: string, dots = false): KeyTree {
  const name = (dots ? key.replaceAll('.', '_') : key).toLowerCase()
  const field = tree.fields.get(name) ?? { spellings: new Set(), tree: emptyTree() }
  field.spellings.add(key)
  tree.fields.set(name, field)
  return field.tree
}

/** Takes in DuckDB's structure of documents: `{"Key": "VARCHAR", "Nested": {…}, "List": [{…}]}`. */
function merge(tree: KeyTree, structure: unknown, dots: boolean): void {
  if (Array.isArray(structure)) {
    tree.elements ??= emptyTree()
    merge(tree.elements, structure[0], dots)
  } else if (structure !== null && typeof structure === 'object')
    for (const [key, below] of Object.entries(structure)) merge(add(tree, key, dots), below, dots)
}

async function sample(files: SourceFile[], run: RunStatements): Promise<string[]> {
  const step = Math.max(1, files.length / SAMPLE_FILES)
  const chosen =
    files.length <= SAMPLE_FILES ? files : Array.from({ length: SAMPLE_FILES }, (_, i) => files[Math.floor(i * step)]!)
  const missing = chosen.filter(file => !seen.has(identity(file)))
  const structures = await run(missing.map(structureOf))
  if (seen.size > SEEN_LIMIT) seen.clear()
  missing.forEach((file, i) => seen.set(identity(file), String(structures[i]?.[0]?.[0] ?? '{}')))
  return chosen.map(file => seen.get(identity(file)) ?? '{}')
}

const identity = ({ object }: SourceFile) => `${object.path}\n${object.etag}`

function structureOf({ object }: SourceFile): string {
  const from = `read_ndjson_objects(${textList([object.path])}, ignore_errors=true, compression='${compressionOf(object.key)}')`
  return `SELECT json_group_structure(json) FROM (SELECT json FROM ${from} WHERE json_type(json) = 'OBJECT' LIMIT ${SAMPLE_ROWS})`
}
