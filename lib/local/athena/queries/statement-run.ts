import type { Catalog } from '../../glue/catalog.ts'
import type { Storage } from '../../s3/storage.ts'
import type { Session } from './engine.ts'
import type { ResultPlace } from './outputs.ts'

/** A statement that needs a query process, and what it works with. */
export interface StatementRun {
  catalog: Catalog
  storage: Storage
  session: Session
  /** The statement as typed. */
  sql: string
  /** The current database. */
  database: string
  place: ResultPlace
  outputLocation: string
  now: Date
}
