import { createHmac } from 'node:crypto'
import { sameSignature, type Authentication, type Verifier } from './authentication.ts'
import { ServiceError } from './errors.ts'
import { bucketOfHost, type AwsRequest } from './request.ts'

/** Parameters that belong to what Signature V2 signs (S3 developer guide, "Signing and authenticating REST requests"). */
const signedParameters =
  /^(acl|cors|delete|lifecycle|location|logging|notification|partNumber|policy|requestPayment|response-[a-z-]+|restore|tagging|torrent|uploadId|uploads|versionId|versioning|versions|website)$/

/** Whether a URL was presigned with Signature V2, which boto3 still does by default where an endpoint is given. */
export function isPresignedV2({ query }: AwsRequest): boolean {
  return query.has('AWSAccessKeyId') && query.has('Signature') && !query.has('X-Amz-Algorithm')
}

/** Verifies such a URL. Only presigned URLs: S3 takes no other requests with Signature V2 any more. */
export function authenticateV2(request: AwsRequest, { credentials, now }: Verifier): Authentication {
  const { query, headers, method, path } = request
  const expires = query.get('Expires') ?? ''
  if (!/^\d{1,11}$/.test(expires))
    throw refuse('Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters', {})
  const expiresMs = Number(expires) * 1000
  if (now() > expiresMs) {
    const [Expires, ServerTime] = [new Date(expiresMs), new Date(now())].map(date => date.toISOString().replace(/\.\d+/, '')) as [
      string,
      string,
    ]
    throw refuse('Request has expired', { Expires, ServerTime })
  }
  const accessKeyId = query.get('AWSAccessKeyId') as string
  if (accessKeyId !== credentials.accessKeyId) {
    const message = 'The AWS Access Key Id you provided does not exist in our records.'
    throw new ServiceError('InvalidAccessKeyId', message, { status: 403, fields: { AWSAccessKeyId: accessKeyId } })
  }
  const parameters = [...query].filter(([name]) => signedParameters.test(name)).sort(([a], [b]) => (a < b ? -1 : 1))
  const bucket = bucketOfHost(headers.host ?? '')
  const resource = `${bucket === undefined ? '' : `/${bucket}`}${path}`
  const suffix = parameters.map(([name, value]) => (value === '' ? name : `${name}=${value}`)).join('&')
  const from = (name: string): string => String(headers[name] ?? query.get(name) ?? '')
  const signed = `${resource}${suffix === '' ? '' : `?${suffix}`}`
  const text = [method, from('content-md5'), from('content-type'), expires, ...amzHeaders(request), signed].join('\n')
  const signature = createHmac('sha1', credentials.secretAccessKey).update(text).digest('hex')
  const given = Buffer.from(query.get('Signature') as string, 'base64').toString('hex')
  if (!sameSignature(signature, given)) {
    const message =
      'The request signature we calculated does not match the signature you provided. Check your key and signing method.'
    const fields = { AWSAccessKeyId: accessKeyId, StringToSign: text, SignatureProvided: query.get('Signature') as string }
    throw new ServiceError('SignatureDoesNotMatch', message, { status: 403, fields })
  }
  return { scope: '', date: '', signingKey: Buffer.alloc(0), signature: given, payload: 'UNSIGNED-PAYLOAD', presigned: true }
}

/** boto3 moves `x-amz-*` headers into the query as well, and signs them as headers. */
function amzHeaders({ headers, query }: AwsRequest): string[] {
  const all = new Map([...query, ...(Object.entries(headers) as [string, string][])])
  const names = [...all.keys()].filter(name => name.startsWith('x-amz-')).sort()
  return names.map(name => `${name}:${String(all.get(name)).trim()}`)
}

function refuse(message: string, fields: Record<string, string>): ServiceError {
  return new ServiceError('AccessDenied', message, { status: 403, fields })
}
