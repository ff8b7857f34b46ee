import type { AwsRequest } from './request.ts'

/** RFC 3986 encoding as Signature V4 wants it: everything but `A-Z a-z 0-9 - . _ ~` as `%XX`. */
export function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, mark => '%' + mark.charCodeAt(0).toString(16).toUpperCase())
}

/** The canonical request of Signature V4 (AWS General Reference). S3 encodes the path once and never normalises it; `path` is taken as
 *  given, so that the caller can try the path as sent and as S3 would encode it. */
export function canonicalRequest(
  request: AwsRequest,
  { path, signedHeaders, payload, omit }: { path: string; signedHeaders: string[]; payload: string; omit?: string },
): string {
  const values = request.message.headersDistinct
  const headers = signedHeaders.map(name => `${name}:${(values[name] ?? ['']).map(tidy).join(',')}\n`).join('')
  return [request.method, path, canonicalQuery(request, omit), headers, signedHeaders.join(';'), payload].join('\n')
}

function canonicalQuery({ query }: AwsRequest, omit: string | undefined): string {
  if (query.size === 0) return ''
  const pairs = [...query].filter(([name]) => name !== omit).map(([name, value]) => [encode(name), encode(value)] as const)
  // By name and not by the whole pair: `=` sorts after `-`.
  pairs.sort(([a], [b]) => (a < b ? -1 : 1))
  return pairs.map(([name, value]) => `${name}=${value}`).join('&')
}

function tidy(value: string): string {
  return value.trim().replace(/ {2,}/g, ' ')
}
