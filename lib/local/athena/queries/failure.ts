import { QueryError } from '../sql/error.ts'
import { EngineError, ProcessDied } from '../process/query-process.ts'

/** Why a query is FAILED, as GetQueryExecution tells it. */
export interface Failure {
  /** StateChangeReason. */
  reason: string
  /** AthenaError. */
  category: number
  type: number
  retryable: boolean
}

/** A failure of Hive's half of Athena (DDL and SHOW); the sentence begins with `FAILED: ` and also goes into the result's .txt. */
export class HiveError extends Error {
  override name = 'HiveError'
  readonly category: number
  readonly type: number

  constructor(message: string, { category = 2, type = 1006 }: { category?: number; type?: number } = {}) {
    super(message)
    this.category = category
    this.type = type
  }
}

/** A limit that stopped a query: time, memory, or bytes scanned. */
export class LimitExceeded extends Error {
  override name = 'LimitExceeded'
}

/** The answer for whatever a query threw; engine texts never come through. */
export function failureOf(error: unknown, engineFailure: (message: string) => QueryError): Failure {
  if (error instanceof QueryError) return { reason: error.reason, category: error.category, type: error.type, retryable: false }
  if (error instanceof HiveError) return { reason: error.message, category: error.category, type: error.type, retryable: false }
  if (error instanceof LimitExceeded) return { reason: error.message, category: 2, type: 233, retryable: false }
  if (error instanceof EngineError) return failureOf(engineFailure(error.message), engineFailure)
  if (error instanceof ProcessDied)
    return {
      reason: `GENERIC_INTERNAL_ERROR: Query process ended while it was running the query`,
      category: 1,
      type: 1,
      retryable: true,
    }
  return { reason: 'GENERIC_INTERNAL_ERROR: Internal error', category: 1, type: 1, retryable: false }
}
