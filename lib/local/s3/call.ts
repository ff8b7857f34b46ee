import type { ServerResponse } from 'node:http'
import { bucketOfHost, decode, type SignedRequest } from '../aws/request.ts'
import type { ObjectStore } from './objectStore.ts'
import { xmlDocument, type XmlContent } from './xml.ts'

/** One S3 request, understood as far as all operations need it. */
export interface S3Call {
  request: SignedRequest
  response: ServerResponse
  store: ObjectStore
  region: string
  /** Empty for the list of buckets. */
  bucket: string
  /** Empty for the bucket itself. */
  key: string
  query: ReadonlyMap<string, string>
  /** A header, or for a presigned URL the query parameter that stands for it. */
  header(name: string): string | undefined
  /** All header names that begin with `prefix`, hoisted ones too. */
  headersLike(prefix: string): [name: string, value: string][]
}

/** Finds bucket and key: `BUCKET.localhost` or `BUCKET.s3.localhost` in the host, else the first segment of the path. */
export function readCall(
  request: SignedRequest,
  response: ServerResponse,
  { store, region }: { store: ObjectStore; region: string },
): S3Call {
  const path = request.path.slice(1)
  const hosted = bucketOfHost(request.headers.host ?? '')
  const slash = hosted === undefined ? path.indexOf('/') : -1
  const bucket = hosted ?? decode(slash < 0 ? path : path.slice(0, slash))
  const key = hosted !== undefined ? decode(path) : slash < 0 ? '' : decode(path.slice(slash + 1))
  const hoisted = request.authentication.presigned ? hoistedHeaders(request.query) : new Map<string, string>()
  return {
    ...{ request, response, store, region, bucket, key, query: request.query },
    header: name => request.message.headersDistinct[name]?.join(',') ?? hoisted.get(name),
    headersLike: prefix =>
      [...hoisted, ...Object.entries(request.headers)].filter(([name]) => name.startsWith(prefix)) as [string, string][],
  }
}

/** Presigning SDKs move `x-amz-*` headers into the query. Checksums stay out: SDKs put that of an empty body there (aws-sdk-js-v3 #6810). */
function hoistedHeaders(query: ReadonlyMap<string, string>): Map<string, string> {
  const hoisted = new Map<string, string>()
  for (const [name, value] of query) {
    const lower = name.toLowerCase()
    if (lower.startsWith('x-amz-') && !/^x-amz-(checksum-(?!mode)|sdk-checksum)/.test(lower)) hoisted.set(lower, value)
  }
  return hoisted
}

export function sendXml({ response }: Pick<S3Call, 'response'>, root: string, content: XmlContent): void {
  const body = xmlDocument(root, content)
  response.writeHead(200, { 'content-type': 'application/xml', 'content-length': Buffer.byteLength(body) }).end(body)
}

export function sendEmpty({ response }: Pick<S3Call, 'response'>, status: number, headers: Record<string, string> = {}): void {
  if (status !== 204) headers['content-length'] = '0'
  response.writeHead(status, headers).end()
}

/** ISO 8601 in UTC with milliseconds, as S3's documents have it. */
export const isoTime = (ms: number): string => new Date(ms).toISOString()

/** The owner of everything: one account. */
export const owner = { ID: '75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a', DisplayName: 'tickerlake' }
