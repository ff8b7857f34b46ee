/** Athena's `ErrorType` numbers by Trino's error names (category 2, user errors). The first seven were measured on AWS; the rest share the
 *  generic user error number. */
const ERROR_TYPES: Record<string, number> = {
  DIVISION_BY_ZERO: 1001,
  TYPE_MISMATCH: 1002,
  COLUMN_NOT_FOUND: 1006,
  INVALID_CAST_ARGUMENT: 1100,
  NOT_SUPPORTED: 1200,
  SCHEMA_NOT_FOUND: 1301,
  TABLE_NOT_FOUND: 1301,
  CATALOG_NOT_FOUND: 1301,
  FUNCTION_NOT_FOUND: 1303,
}
const GENERIC_USER_ERROR = 1000

/** A place in the SQL text as typed; both count from 1, as Trino prints them. */
export interface Position {
  line: number
  column: number
}

/** What is wrong with a query, in Athena's words. `message` is the whole sentence without the code (`line 1:8: Column 'x' cannot be resolved …`);
 *  `reason` is what Athena puts into StateChangeReason. `synchronous` ones (syntax) are answered by StartQueryExecution itself, as
 *  InvalidRequestException with AthenaErrorCode MALFORMED_QUERY; all others make the query FAILED. */
export class QueryError extends Error {
  /** Trino's error name, such as `TYPE_MISMATCH`. */
  readonly code: string
  /** 1 system, 2 user. */
  readonly category: number
  /** The number in AthenaError.ErrorType. */
  readonly type: number
  readonly retryable = false
  readonly synchronous: boolean

  constructor(code: string, message: string, { at }: { at?: Position | undefined } = {}) {
    super(at ? `line ${at.line}:${at.column}: ${message}` : message)
    this.name = 'QueryError'
    this.code = code
    this.category = code === 'INTERNAL_ERROR' ? 1 : 2
    this.type = ERROR_TYPES[code] ?? GENERIC_USER_ERROR
    this.synchronous = code === 'SYNTAX_ERROR'
  }

  /** `COLUMN_NOT_FOUND: line 1:8: Column …`. */
  get reason(): string {
    return `${this.code}: ${this.message}`
  }
}
