import { ServiceError } from './errors.ts'
import type { AwsRequest } from './request.ts'

/** What a request says about its signature, well-formed but not yet believed. */
export interface ClaimedSignature {
  accessKeyId: string
  /** Date, region, service, `aws4_request`. */
  scope: string[]
  /** `20260101T000000Z`, and the same as milliseconds. */
  date: string
  timeMs: number
  signedHeaders: string[]
  signature: string
  presigned: boolean
  /** Only of presigned URLs. */
  expiresSeconds?: number
  /** The error that S3 answers for a wrong part of this kind of signature. */
  malformed(what: string, fields?: Record<string, string>): ServiceError
}

const weekSeconds = 604_800

/** The `Authorization` header. */
export function readHeaderSignature({ headers }: AwsRequest): ClaimedSignature {
  const text = headers.authorization
  if (text === undefined) throw new ServiceError('AccessDenied', 'Access Denied', { status: 403 })
  if (/^AWS /.test(text)) {
    throw new ServiceError(
      'InvalidRequest',
      'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.',
    )
  }
  if (!text.startsWith('AWS4-HMAC-SHA256')) {
    const fields = { ArgumentName: 'Authorization', ArgumentValue: text }
    throw new ServiceError('InvalidArgument', 'Unsupported Authorization Type', { fields })
  }
  const malformed = (what: string, fields = {}): ServiceError =>
    new ServiceError('AuthorizationHeaderMalformed', `The authorization header is malformed; ${what}`, { fields })
  const parts = new Map(
    text
      .slice('AWS4-HMAC-SHA256'.length)
      .split(',')
      .map(part => part.trim().split('=', 2) as [string, string]),
  )
  const [credential, signedHeaders, signature] = ['Credential', 'SignedHeaders', 'Signature'].map(name => parts.get(name))
  if (!credential || !signedHeaders || !signature) {
    throw malformed('the authorization header requires three components: Credential, SignedHeaders, and Signature.')
  }
  const { date, timeMs } = requestTime(headers)
  return {
    ...readCredential(credential, malformed),
    date,
    timeMs,
    signedHeaders: signedHeaders.split(';'),
    signature,
    presigned: false,
    malformed,
  }
}

/** The `X-Amz-*` parameters of a presigned URL. */
export function readQuerySignature({ query }: AwsRequest): ClaimedSignature {
  const error = (message: string, fields = {}): ServiceError =>
    new ServiceError('AuthorizationQueryParametersError', message, { fields })
  const malformed = (what: string, fields = {}): ServiceError =>
    error(`Error parsing the X-Amz-Credential parameter; ${what}`, fields)
  const names = ['Algorithm', 'Credential', 'Signature', 'Date', 'SignedHeaders', 'Expires']
  const [algorithm, credential, signature, date, signedHeaders, expires] = names.map(name => query.get(`X-Amz-${name}`))
  if (algorithm !== 'AWS4-HMAC-SHA256') throw error('X-Amz-Algorithm only supports "AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256"')
  if (!credential || !signature || !date || !signedHeaders || expires === undefined) {
    throw error(
      'Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.',
    )
  }
  if (!/^-?\d+$/.test(expires)) throw error('X-Amz-Expires should be a number')
  const expiresSeconds = Number(expires)
  if (expiresSeconds < 0) throw error('X-Amz-Expires must be non-negative')
  if (expiresSeconds > weekSeconds) {
    throw error(
      `X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than ${weekSeconds} seconds`,
    )
  }
  const timeMs = parseBasicTime(date)
  if (timeMs === undefined) throw error("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
  const claimed = readCredential(credential, malformed)
  return {
    ...claimed,
    date,
    timeMs,
    signedHeaders: signedHeaders.split(';'),
    signature,
    presigned: true,
    expiresSeconds,
    malformed,
  }
}

function readCredential(credential: string, malformed: ClaimedSignature['malformed']): { accessKeyId: string; scope: string[] } {
  const parts = credential.split('/')
  const scope = parts.splice(-4)
  const accessKeyId = parts.join('/')
  if (accessKeyId === '' || scope.length !== 4 || scope[3] !== 'aws4_request' || !/^\d{8}$/.test(scope[0] as string)) {
    throw malformed('the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".')
  }
  return { accessKeyId, scope }
}

/** `x-amz-date`, or else `date`, which may be in HTTP's form. */
function requestTime(headers: AwsRequest['headers']): { date: string; timeMs: number } {
  const text = headers['x-amz-date'] ?? headers.date
  const basic = typeof text === 'string' ? parseBasicTime(text) : undefined
  if (basic !== undefined) return { date: text as string, timeMs: basic }
  const timeMs = Date.parse(String(headers.date))
  if (headers['x-amz-date'] !== undefined || Number.isNaN(timeMs)) {
    throw new ServiceError('AccessDenied', 'AWS authentication requires a valid Date or x-amz-date header', { status: 403 })
  }
  return { date: new Date(timeMs).toISOString().replace(/[-:]|\.\d+/g, ''), timeMs }
}

/** `20260131T235959Z` as milliseconds; undefined for anything else. */
function parseBasicTime(text: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text)
  if (!match) return undefined
  const [, year, month, day, hour, minute, second] = match
  const timeMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  return Number.isNaN(timeMs) ? undefined : timeMs
}
