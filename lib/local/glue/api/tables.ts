import type {
  BatchDeleteTableRequest,
  BatchDeleteTableVersionRequest,
  CreateTableRequest,
  DeleteTableRequest,
  DeleteTableVersionRequest,
  GetTableRequest,
  GetTablesRequest,
  GetTableVersionRequest,
  GetTableVersionsRequest,
  SearchTablesRequest,
  Table,
  TableVersion,
  UpdateTableRequest,
} from '@aws-sdk/client-glue'
import { ServiceError } from '../../aws/errors.ts'
import type { CatalogStore } from '../catalog.ts'
import { checkName, invalidInput, notFound } from '../names.ts'
import { byName, page } from '../page.ts'
import { fromWire, toWire } from '../wire.ts'
import { attempt, required, requiredList } from './required.ts'

/** CreateTable, GetTable, GetTables, SearchTables, UpdateTable, DeleteTable, BatchDeleteTable. */
export function tableOperations(catalog: CatalogStore) {
  return {
    async CreateTable(request: CreateTableRequest) {
      refuseIceberg(request.OpenTableFormatInput)
      const input = required(request.TableInput, 'tableInput')
      await catalog.createTable(checkName(request.DatabaseName, 'databaseName'), fromWire(input))
      return {}
    },
    GetTable: ({ DatabaseName, Name }: GetTableRequest) =>
      toWire({ Table: catalog.getTable(checkName(DatabaseName, 'databaseName'), checkName(Name, 'name')) }),
    GetTables(request: GetTablesRequest) {
      const matches = namePattern(request.Expression)
      const all = catalog.listTables(checkName(request.DatabaseName, 'databaseName')).filter(table => matches(table.Name!))
      const { items, NextToken } = page(
        all,
        request,
        byName(100, table => table.Name!),
      )
      const namesOnly = request.AttributesToGet?.length === 1 && request.AttributesToGet[0] === 'NAME'
      const list = namesOnly ? items.map(({ Name, DatabaseName, CatalogId }) => ({ Name, DatabaseName, CatalogId })) : items
      return toWire({ TableList: list, NextToken })
    },
    SearchTables(request: SearchTablesRequest) {
      const found = catalog
        .listDatabases()
        .flatMap(database => catalog.listTables(database.Name!))
        .filter(table => searched(table, request))
      const place = (table: Table): string => `${table.DatabaseName}\n${table.Name}`
      const { items, NextToken } = page(found, request, byName(1000, place))
      return toWire({ TableList: items, NextToken })
    },
    async UpdateTable(request: UpdateTableRequest) {
      if (request.UpdateOpenTableFormatInput) refuseIceberg(request.UpdateOpenTableFormatInput)
      const input = required(request.TableInput, 'tableInput')
      const database = checkName(request.DatabaseName, 'databaseName')
      const { VersionId } = catalog.getTable(database, checkName(input.Name, 'tableInput.name'))
      if (request.VersionId !== undefined && request.VersionId !== VersionId) {
        throw new ServiceError('ConcurrentModificationException', `Update table failed due to concurrent modifications.`)
      }
      await catalog.updateTable(database, fromWire(input), { skipArchive: request.SkipArchive ?? false })
      return {}
    },
    async DeleteTable({ DatabaseName, Name }: DeleteTableRequest) {
      await catalog.deleteTable(checkName(DatabaseName, 'databaseName'), checkName(Name, 'name'))
      return {}
    },
    async BatchDeleteTable({ DatabaseName, TablesToDelete }: BatchDeleteTableRequest) {
      const database = catalog.getDatabase(checkName(DatabaseName, 'databaseName')).Name!
      const Errors = []
      for (const TableName of requiredList(TablesToDelete, 'tablesToDelete', 100)) {
        const ErrorDetail = await attempt(() => catalog.deleteTable(database, TableName))
        if (ErrorDetail) Errors.push({ TableName, ErrorDetail })
      }
      return { Errors }
    },
  }
}

/** GetTableVersion, GetTableVersions, DeleteTableVersion, BatchDeleteTableVersion. */
export function tableVersionOperations(catalog: CatalogStore) {
  const versionsOf = (request: { DatabaseName?: string; TableName?: string }): TableVersion[] =>
    catalog
      .listTableVersions(checkName(request.DatabaseName, 'databaseName'), checkName(request.TableName, 'tableName'))
      .map(Table => ({ Table, VersionId: Table.VersionId }))
  return {
    GetTableVersion(request: GetTableVersionRequest) {
      const versions = versionsOf(request)
      const wanted = request.VersionId ?? versions[0]!.VersionId
      const TableVersion = versions.find(version => version.VersionId === wanted)
      if (!TableVersion) throw notFound(`Version ${wanted} not found.`)
      return toWire({ TableVersion })
    },
    GetTableVersions(request: GetTableVersionsRequest) {
      const { items, NextToken } = page(versionsOf(request), request, {
        most: 100,
        nameOf: version => version.VersionId!,
        after: last => version => Number(version.VersionId) < Number(last),
      })
      return toWire({ TableVersions: items, NextToken })
    },
    async DeleteTableVersion(request: DeleteTableVersionRequest) {
      const table = checkName(request.TableName, 'tableName')
      await catalog.deleteTableVersion(
        checkName(request.DatabaseName, 'databaseName'),
        table,
        required(request.VersionId, 'versionId'),
      )
      return {}
    },
    async BatchDeleteTableVersion(request: BatchDeleteTableVersionRequest) {
      const TableName = versionsOf(request)[0]!.Table!.Name!
      const Errors = []
      for (const VersionId of requiredList(request.VersionIds, 'versionIds', 100)) {
        const ErrorDetail = await attempt(() => catalog.deleteTableVersion(request.DatabaseName!, TableName, VersionId))
        if (ErrorDetail) Errors.push({ TableName, VersionId, ErrorDetail })
      }
      return { Errors }
    },
  }
}

/** The `Expression` of `GetTables`: a regular expression over the whole name, in which a `*` on its own stands for anything (awswrangler sends `quo*`). */
function namePattern(expression: string | undefined): (name: string) => boolean {
  if (!expression) return () => true
  try {
    const pattern = new RegExp(`^(?:${expression.replace(/(?<![.\])}])\*/g, '.*')})$`, 'i')
    return name => pattern.test(name)
  } catch {
    throw invalidInput(`Invalid pattern: ${expression}`)
  }
}

function searched(table: Table, { SearchText, Filters = [] }: SearchTablesRequest): boolean {
  const columns = [...(table.StorageDescriptor?.Columns ?? []), ...(table.PartitionKeys ?? [])]
  const texts = [
    table.Name,
    table.Description,
    ...columns.flatMap(column => [column.Name, column.Comment]),
    ...Object.values(table.Parameters ?? {}),
  ]
  const holds = (text: string): boolean => texts.some(one => one?.toLowerCase().includes(text.toLowerCase()))
  const exact = SearchText?.match(/^"(.*)"$/)?.[1]
  if (exact !== undefined ? !texts.includes(exact) : SearchText && !SearchText.split(/\W+/).some(word => word && holds(word)))
    return false
  return Filters.every(({ Key, Value }) =>
    Key === 'DatabaseName' || Key === 'Name' || Key === 'Owner' ? table[Key] === Value : holds(Value ?? ''),
  )
}

function refuseIceberg(input: unknown): void {
  if (input)
    throw new ServiceError(
      'OperationNotSupportedException',
      'OpenTableFormatInput is not supported: the local catalog keeps no Iceberg tables.',
    )
}
