import type { JsonService } from '../aws/json.ts'
import type { Storage } from '../s3/storage.ts'
import { databaseOperations } from './api/databases.ts'
import { partitionBatchOperations, partitionOperations } from './api/partitions.ts'
import { tableOperations, tableVersionOperations } from './api/tables.ts'
import type { CatalogStore } from './catalog.ts'

/** AWS Glue over its JSON protocol: the Data Catalog and crawlers. `dir` is the home's folder (crawlers in `<dir>/glue`, their logs in
 *  `<dir>/logs/aws-glue/crawlers/<crawler>.log`); `log` takes one line about what the service itself met. */
export function glueService({
  catalog,
}: {
  catalog: CatalogStore
  storage: Storage
  dir: string
  log: (line: string) => void
}): JsonService {
  return {
    target: 'AWSGlue',
    operations: {
      ...databaseOperations(catalog),
      ...tableOperations(catalog),
      ...tableVersionOperations(catalog),
      ...partitionOperations(catalog),
      ...partitionBatchOperations(catalog),
    },
    close: async () => {},
  }
}
