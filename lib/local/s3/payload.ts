import { digestBytes, type ReceivedBody } from './bodies.ts'
import type { S3Call } from './call.ts'
import { decodeChunked } from './awsChunked.ts'
import { checksumAlgorithms, checksumHeader, isChecksumValue, type ChecksumAlgorithm } from './checksum.ts'
import { knownAlgorithm } from './checksumRequest.ts'
import { s3Error } from './errors.ts'

const maxObjectBytes = 5 * 1024 ** 3
const maxDocumentBytes = 4 * 1024 * 1024

/** What the client says about its body; a trailer adds the value when the body is over. */
interface Declared {
  algorithm?: ChecksumAlgorithm
  value?: string
  /** Hex. */
  md5?: string
  /** Hex; the body's own hash was signed. */
  sha256?: string
  sizeBytes?: number
  chunked: boolean
  trailer?: string
}

/** Takes a body into a temporary file and verifies everything that the client said of it: length, signed hash, Content-MD5, checksum in
 *  a header or a trailer, chunk signatures. Whatever is wrong, nothing is left. `algorithm` is used when the client chose none. */
export async function receivePayload(call: S3Call, algorithm: ChecksumAlgorithm): Promise<ReceivedBody> {
  const declared = readDeclared(call)
  if (declared.sizeBytes === undefined) {
    const chunked = call.header('transfer-encoding')
    throw chunked ? s3Error('NotImplemented', { Header: 'Transfer-Encoding' }) : s3Error('MissingContentLength')
  }
  if (declared.sizeBytes > maxObjectBytes) {
    throw s3Error('EntityTooLarge', { ProposedSize: String(declared.sizeBytes), MaxSizeAllowed: String(maxObjectBytes) })
  }
  return call.store.bodies.receive(chunksOf(call, declared), {
    checksum: declared.algorithm ?? algorithm,
    sha256: declared.sha256 !== undefined,
    verify: body => verify(body, declared),
  })
}

/** Reads a request document, verified the same way. */
export async function readDocument(call: S3Call, { checksumRequired = false } = {}): Promise<string> {
  const declared = readDeclared(call)
  if (checksumRequired && declared.algorithm === undefined && declared.md5 === undefined) {
    throw s3Error('InvalidRequest', {}, 'Missing required header for this request: Content-MD5 OR x-amz-checksum-*')
  }
  const pieces: Buffer[] = []
  let sizeBytes = 0
  for await (const piece of chunksOf(call, declared)) {
    sizeBytes += piece.length
    if (sizeBytes > maxDocumentBytes) throw s3Error('MalformedXML')
    pieces.push(piece)
  }
  const bytes = Buffer.concat(pieces)
  const digests = await digestBytes(bytes, { checksum: declared.algorithm, sha256: declared.sha256 !== undefined })
  verify({ sizeBytes, ...digests }, declared)
  return bytes.toString()
}

function readDeclared(call: S3Call): Declared {
  const payload = call.request.authentication.payload
  const chunked = payload.startsWith('STREAMING-')
  const length = call.header(chunked ? 'x-amz-decoded-content-length' : 'content-length')
  if (length !== undefined && !/^\d{1,15}$/.test(length)) throw s3Error('InvalidArgument')
  return {
    chunked,
    sizeBytes: length === undefined ? undefined : Number(length),
    sha256: /^[0-9a-f]{64}$/.test(payload) ? payload : undefined,
    md5: readContentMd5(call.header('content-md5')),
    ...readChecksum(call, payload.endsWith('-TRAILER')),
  }
}

function readContentMd5(value: string | undefined): string | undefined {
  if (value === undefined) return undefined
  const bytes = Buffer.from(value, 'base64')
  if (bytes.length !== 16 || bytes.toString('base64') !== value) throw s3Error('InvalidDigest', { 'Content-MD5': value })
  return bytes.toString('hex')
}

function readChecksum(call: S3Call, hasTrailer: boolean): Pick<Declared, 'algorithm' | 'value' | 'trailer'> {
  const given = checksumAlgorithms.filter(algorithm => call.header(checksumHeader(algorithm)) !== undefined)
  const trailer = hasTrailer ? call.header('x-amz-trailer')?.trim().toLowerCase() : undefined
  const trailing = trailer === undefined ? undefined : checksumAlgorithms.find(algorithm => checksumHeader(algorithm) === trailer)
  if (trailer !== undefined && !trailing)
    throw s3Error('InvalidRequest', {}, 'The value specified in the x-amz-trailer header is not supported')
  if (given.length + (trailing ? 1 : 0) > 1) {
    throw s3Error('InvalidRequest', {}, 'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.')
  }
  if (trailing) return { algorithm: trailing, trailer }
  const [algorithm] = given
  if (algorithm === undefined) {
    const wanted = call.header('x-amz-sdk-checksum-algorithm')
    if (wanted === undefined) return {}
    knownAlgorithm(wanted)
    const message =
      'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.'
    throw s3Error('InvalidRequest', {}, message)
  }
  const value = call.header(checksumHeader(algorithm)) as string
  if (!isChecksumValue(algorithm, value))
    throw s3Error('InvalidRequest', {}, `Value for ${checksumHeader(algorithm)} header is invalid.`)
  return { algorithm, value }
}

function chunksOf(call: S3Call, declared: Declared): AsyncIterable<Buffer> {
  const { message, authentication } = call.request
  // An error must leave the connection open, or nobody could be told of it.
  const source = message.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>
  if (!declared.chunked) return source
  const signed = !authentication.payload.startsWith('STREAMING-UNSIGNED')
  return decodeChunked(source, {
    authentication: signed ? authentication : undefined,
    hasTrailer: authentication.payload.endsWith('-TRAILER'),
    onTrailer: (name, value) => {
      if (name === declared.trailer) declared.value = value
    },
  })
}

function verify(body: Omit<ReceivedBody, 'temporary'>, { algorithm, value, md5, sha256, sizeBytes, trailer }: Declared): void {
  if (sizeBytes !== undefined && body.sizeBytes !== sizeBytes) throw s3Error('IncompleteBody')
  if (sha256 !== undefined && body.sha256 !== sha256) {
    throw s3Error('XAmzContentSHA256Mismatch', {
      ClientComputedContentSHA256: sha256,
      S3ComputedContentSHA256: body.sha256 ?? '',
    })
  }
  if (md5 !== undefined && body.md5 !== md5) {
    const [ExpectedDigest, CalculatedDigest] = [md5, body.md5].map(hex => Buffer.from(hex, 'hex').toString('base64')) as [
      string,
      string,
    ]
    throw s3Error('BadDigest', { ExpectedDigest, CalculatedDigest })
  }
  if (trailer !== undefined && value === undefined) throw s3Error('MalformedTrailerError')
  if (algorithm === undefined || value === body.checksum?.value) return
  if (!isChecksumValue(algorithm, value as string))
    throw s3Error('InvalidRequest', {}, `Value for ${checksumHeader(algorithm)} trailing header is invalid.`)
  throw s3Error('BadDigest', {}, `The ${algorithm} you specified did not match the calculated checksum.`)
}
