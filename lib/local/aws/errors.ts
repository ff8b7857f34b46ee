/** An answer of a local service that is an error: the real service's code and sentence, sent in that service's own shape. */
export class ServiceError extends Error {
  /** The real service's code, such as `EntityNotFoundException` or `NoSuchKey`. */
  readonly code: string
  /** HTTP status; Glue and Athena answer 400. */
  readonly status: number
  /** What the service adds to the body, such as `{ AthenaErrorCode: 'MALFORMED_QUERY' }` or S3's `{ Key: 'a' }`. */
  readonly fields: Record<string, string>

  constructor(
    code: string,
    message: string,
    { status = 400, fields = {} }: { status?: number; fields?: Record<string, string> } = {},
  ) {
    super(message)
    this.name = code
    this.code = code
    this.status = status
    this.fields = fields
  }
}
