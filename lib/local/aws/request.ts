import type { IncomingMessage } from 'node:http'
import { ServiceError } from './errors.ts'
import type { Authentication } from './authentication.ts'

/** A request as it stood on the wire. `new URL` would resolve `..`, which S3 never does. */
export interface AwsRequest {
  message: IncomingMessage
  method: string
  /** Still percent-encoded, without the query. */
  path: string
  /** Decoded, in the order sent. */
  query: Query
  /** In lower case; several of one name joined by a comma. */
  headers: IncomingMessage['headers']
  requestId: string
}

/** A request whose signature was found right. */
export interface SignedRequest extends AwsRequest {
  authentication: Authentication
}

export type Query = ReadonlyMap<string, string>

/** Reads method, path and query of a request. Fails with InvalidURI for what is no percent-encoded UTF-8. */
export function parseRequest(message: IncomingMessage, requestId: string): AwsRequest {
  const target = message.url ?? '/'
  const mark = target.indexOf('?')
  const path = mark < 0 ? target : target.slice(0, mark)
  const query = mark < 0 ? new Map<string, string>() : parseQuery(target.slice(mark + 1))
  if (!path.startsWith('/')) throw invalidUri()
  return { message, method: message.method ?? 'GET', path, query, headers: message.headers, requestId }
}

/** Whether the client went away before it had sent everything: nobody is there to be answered, and nothing went wrong here. */
export function hasLeft(message: IncomingMessage): boolean {
  return message.destroyed && !message.complete
}

/** The bucket of a virtual-host style request: `BUCKET.localhost`, `BUCKET.s3.localhost`, `BUCKET.s3.REGION.localhost`. */
export function bucketOfHost(host: string): string | undefined {
  const name = host.toLowerCase().replace(/:\d+$/, '')
  if (!name.endsWith('.localhost')) return undefined
  const bucket = name.slice(0, -'.localhost'.length).replace(/(^|\.)s3([.-][a-z]{2}(-[a-z]+)+-\d)?$/, '')
  return bucket === '' ? undefined : bucket
}

/** Percent-decodes as UTF-8; InvalidURI when it is none. */
export function decode(text: string): string {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    throw invalidUri()
  }
}

function parseQuery(text: string): Query {
  const query = new Map<string, string>()
  for (const pair of text.split('&')) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const name = decode((equals < 0 ? pair : pair.slice(0, equals)).replaceAll('+', ' '))
    const value = equals < 0 ? '' : decode(pair.slice(equals + 1).replaceAll('+', ' '))
    if (!query.has(name)) query.set(name, value)
  }
  return query
}

function invalidUri(): ServiceError {
  return new ServiceError('InvalidURI', "Couldn't parse the specified URI.")
}
