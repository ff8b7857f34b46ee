import { HiveError } from '../queries/failure.ts'
import { QueryError } from '../sql/error.ts'
import type { Statement } from './statement.ts'
import { executionError, isMissing, listing, nothing, type DdlResult, type DdlTools } from './tools.ts'

type Of<K extends Statement['kind']> = Extract<Statement, { kind: K }>

export async function createDatabase({ catalog }: DdlTools, statement: Of<'create database'>): Promise<DdlResult> {
  const { name, ifNotExists, comment, location, properties } = statement
  if (databaseExists(catalog, name)) {
    if (ifNotExists) return nothing
    throw executionError(`Database ${name} already exists`)
  }
  await catalog.createDatabase({
    Name: name,
    ...(comment !== undefined && { Description: comment }),
    ...(location !== undefined && { LocationUri: location }),
    ...(Object.keys(properties).length > 0 && { Parameters: properties }),
  })
  return nothing
}

export async function dropDatabase({ catalog }: DdlTools, { name, ifExists, cascade }: Of<'drop database'>): Promise<DdlResult> {
  if (!databaseExists(catalog, name)) {
    if (ifExists) return nothing
    throw new HiveError(`FAILED: SemanticException [Error 10072]: Database does not exist: ${name}`, { type: 1301 })
  }
  const tables = catalog.listTables(name)
  if (tables.length > 0 && !cascade)
    throw executionError(`InvalidOperationException(message:Database ${name} is not empty. One or more tables exist.)`)
  for (const { Name } of tables) await catalog.deleteTable(name, Name!)
  await catalog.deleteDatabase(name)
  return nothing
}

/** LIKE is Java's regular expression over the whole name (measured on AWS); `*` alone is everything. */
export function showDatabases({ catalog }: DdlTools, { like }: Of<'show databases'>): DdlResult {
  const names = catalog.listDatabases().map(database => database.Name!)
  return listing(['database_name'], matching(names, like))
}

/** A pattern in which `*` stands for anything and `|` parts alternatives. */
export function showTables(tools: DdlTools, { database, like }: Of<'show tables'>): DdlResult {
  const tables = tablesIn(tools, database ?? tools.database)
  return listing(
    ['tab_name'],
    matching(
      tables.map(table => table.Name!),
      wildcards(like),
    ),
  )
}

export function showViews(tools: DdlTools, { database, like }: Of<'show views'>): DdlResult {
  const views = tablesIn(tools, database ?? tools.database).filter(table => table.TableType === 'VIRTUAL_VIEW')
  return listing(
    ['views'],
    matching(
      views.map(view => view.Name!),
      wildcards(like),
    ),
    'varchar',
  )
}

function tablesIn({ catalog }: DdlTools, database: string) {
  if (databaseExists(catalog, database)) return catalog.listTables(database)
  throw new HiveError(`FAILED: SemanticException [Error 10072]: Database does not exist: ${database}`, {
    category: 1,
    type: 1502,
  })
}

export function databaseExists(catalog: DdlTools['catalog'], name: string): boolean {
  try {
    return catalog.getDatabase(name) !== undefined
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}

const wildcards = (like: string | undefined) => like?.replace(/(?<!\.)\*/g, '.*')

function matching(names: string[], like: string | undefined): string[] {
  const sorted = names.sort()
  if (like === undefined || like === '*') return sorted
  let pattern: RegExp
  try {
    pattern = new RegExp(`^(?:${like})$`)
  } catch {
    throw new QueryError('INVALID_FUNCTION_ARGUMENT', `invalid pattern: ${like}`)
  }
  return sorted.filter(name => pattern.test(name))
}
