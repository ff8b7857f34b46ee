import { createHmac, hash, timingSafeEqual } from 'node:crypto'
import { canonicalRequest, encode } from './canonical.ts'
import { ServiceError } from './errors.ts'
import { decode, type AwsRequest } from './request.ts'
import { readHeaderSignature, readQuerySignature, type ClaimedSignature } from './claimedSignature.ts'

export interface Credentials {
  accessKeyId: string
  secretAccessKey: string
}

/** What a verified request signed: the start of the chain that the chunks of a streamed body continue. */
export interface Authentication {
  /** `20260101/us-east-1/s3/aws4_request`. */
  scope: string
  /** `20260101T000000Z`. */
  date: string
  signingKey: Buffer
  signature: string
  /** The declared hash of the body: hex, `UNSIGNED-PAYLOAD` or one of the `STREAMING-…` words. */
  payload: string
  presigned: boolean
}

export interface Verifier {
  credentials: Credentials
  region: string
  now: () => number
}

const skewMs = 15 * 60 * 1000

/** Verifies the Signature V4 of a request for `service`. `payload` is what the client signed as the body's hash. Fails with S3's own errors
 *  (SignatureDoesNotMatch, InvalidAccessKeyId, RequestTimeTooSkewed, AccessDenied …); JSON services translate them. */
export function authenticate(
  request: AwsRequest,
  { service, payload }: { service: string; payload: string },
  { credentials, region, now }: Verifier,
): Authentication {
  const claim = request.query.has('X-Amz-Algorithm') ? readQuerySignature(request) : readHeaderSignature(request)
  checkScope(claim, { service, region })
  checkTime(claim, now())
  if (claim.accessKeyId !== credentials.accessKeyId) {
    throw refuse('InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.', {
      AWSAccessKeyId: claim.accessKeyId,
    })
  }
  checkSignedHeaders(request, claim)
  const signingKey = deriveKey(credentials.secretAccessKey, claim.scope)
  verify(request, claim, { signingKey, payload })
  const { scope, date, signature, presigned } = claim
  return { scope: scope.join('/'), date, signingKey, signature, payload, presigned }
}

/** HMAC-SHA256, hex. */
export function sign(key: Buffer, text: string): string {
  return createHmac('sha256', key).update(text, 'latin1').digest('hex')
}

/** Compares two hex signatures without telling by the time how much of them is equal. */
export function sameSignature(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a, 'latin1'), Buffer.from(b, 'latin1'))
}

function checkScope(claim: ClaimedSignature, { service, region }: { service: string; region: string }): void {
  const [date, claimedRegion, claimedService] = claim.scope
  const malformed = (what: string, fields = {}): ServiceError => claim.malformed(what, fields)
  if (claimedRegion !== region)
    throw malformed(`the region '${claimedRegion}' is wrong; expecting '${region}'`, { Region: region })
  if (claimedService !== service) throw malformed(`incorrect service "${claimedService}". This endpoint belongs to "${service}".`)
  if (date !== claim.date.slice(0, 8)) {
    throw malformed(`Invalid credential date "${date}". This date is not the same as X-Amz-Date: "${claim.date.slice(0, 8)}".`)
  }
}

function checkTime(claim: ClaimedSignature, now: number): void {
  if (claim.expiresSeconds === undefined && Math.abs(now - claim.timeMs) <= skewMs) return
  const ServerTime = new Date(now).toISOString().replace(/\.\d+/, '')
  if (claim.expiresSeconds === undefined) {
    throw refuse('RequestTimeTooSkewed', 'The difference between the request time and the current time is too large.', {
      RequestTime: claim.date,
      ServerTime,
      MaxAllowedSkewMilliseconds: String(skewMs),
    })
  }
  if (claim.timeMs - now > skewMs) throw refuse('AccessDenied', 'Request is not valid yet', { ServerTime })
  const expires = claim.timeMs + claim.expiresSeconds * 1000
  if (now <= expires) return
  throw refuse('AccessDenied', 'Request has expired', {
    'X-Amz-Expires': String(claim.expiresSeconds),
    Expires: new Date(expires).toISOString().replace(/\.\d+/, ''),
    ServerTime,
  })
}

/** `host` and every `x-amz-*` header must be signed, or somebody on the way could add one. */
function checkSignedHeaders(request: AwsRequest, claim: ClaimedSignature): void {
  const unsigned = Object.keys(request.headers).filter(
    name => (name.startsWith('x-amz-') || name === 'host') && !claim.signedHeaders.includes(name),
  )
  if (unsigned.length === 0) return
  throw refuse('AccessDenied', 'There were headers present in the request which were not signed', {
    HeadersNotSigned: unsigned.join(', '),
  })
}

function verify(
  request: AwsRequest,
  claim: ClaimedSignature,
  { signingKey, payload }: { signingKey: Buffer; payload: string },
): void {
  const attempt = (path: string) => {
    const { signedHeaders, presigned } = claim
    const canonical = canonicalRequest(request, { path, signedHeaders, payload, omit: presigned ? 'X-Amz-Signature' : undefined })
    const digest = hash('sha256', Buffer.from(canonical, 'latin1'))
    const stringToSign = ['AWS4-HMAC-SHA256', claim.date, claim.scope.join('/'), digest].join('\n')
    return { canonical, stringToSign, right: sameSignature(sign(signingKey, stringToSign), claim.signature) }
  }
  const asSent = attempt(request.path)
  if (asSent.right) return
  // Some clients send fewer characters escaped than they sign: S3 signs the path as it would encode it.
  const encoded = request.path
    .split('/')
    .map(segment => encode(decode(segment)))
    .join('/')
  if (encoded !== request.path && attempt(encoded).right) return
  throw refuse(
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
    {
      AWSAccessKeyId: claim.accessKeyId,
      StringToSign: asSent.stringToSign,
      SignatureProvided: claim.signature,
      StringToSignBytes: bytesOf(asSent.stringToSign),
      CanonicalRequest: asSent.canonical,
      CanonicalRequestBytes: bytesOf(asSent.canonical),
    },
  )
}

const bytesOf = (text: string): string => (Buffer.from(text).toString('hex').match(/../g) ?? []).join(' ')

let lastKey: { id: string; key: Buffer } | undefined

/** The signing key of a day, region and service. Clients keep to one of each, so the last one is remembered. */
function deriveKey(secret: string, scope: string[]): Buffer {
  const id = [secret, ...scope].join('/')
  if (lastKey?.id === id) return lastKey.key
  const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()
  const key = scope.reduce<string | Buffer>((previous, part) => hmac(previous, part), `AWS4${secret}`) as Buffer
  lastKey = { id, key }
  return key
}

function refuse(code: string, message: string, fields: Record<string, string>): ServiceError {
  return new ServiceError(code, message, { status: 403, fields })
}
