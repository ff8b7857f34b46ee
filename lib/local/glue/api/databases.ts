import type {
  CreateDatabaseRequest,
  DeleteDatabaseRequest,
  GetDatabaseRequest,
  GetDatabasesRequest,
  UpdateDatabaseRequest,
} from '@aws-sdk/client-glue'
import type { CatalogStore } from '../catalog.ts'
import { checkName } from '../names.ts'
import { byName, page } from '../page.ts'
import { toWire } from '../wire.ts'
import { required } from './required.ts'

/** CreateDatabase, GetDatabase, GetDatabases, UpdateDatabase, DeleteDatabase. */
export function databaseOperations(catalog: CatalogStore) {
  return {
    async CreateDatabase({ DatabaseInput }: CreateDatabaseRequest) {
      await catalog.createDatabase(required(DatabaseInput, 'databaseInput'))
      return {}
    },
    GetDatabase: ({ Name }: GetDatabaseRequest) => toWire({ Database: catalog.getDatabase(checkName(Name, 'name')) }),
    GetDatabases(request: GetDatabasesRequest) {
      const { items, NextToken } = page(
        catalog.listDatabases(),
        request,
        byName(100, database => database.Name!),
      )
      return toWire({ DatabaseList: items, NextToken })
    },
    async UpdateDatabase({ Name, DatabaseInput }: UpdateDatabaseRequest) {
      await catalog.updateDatabase(checkName(Name, 'name'), required(DatabaseInput, 'databaseInput'))
      return {}
    },
    async DeleteDatabase({ Name }: DeleteDatabaseRequest) {
      await catalog.deleteDatabase(checkName(Name, 'name'))
      return {}
    },
  }
}
