import { hash } from 'node:crypto'
import { createHash, type Hash } from 'node:crypto'
import { sameSignature, sign, type Authentication } from '../aws/authentication.ts'
import { ServiceError } from '../aws/errors.ts'
import { s3Error } from './errors.ts'

const maxLineBytes = 8 * 1024
const maxTrailerLines = 20
const emptyHash = hash('sha256', '')

export interface ChunkedOptions {
  /** Of the seed signature: chunks and trailer must be signed. Undefined for `STREAMING-UNSIGNED-PAYLOAD-TRAILER`. */
  authentication?: Authentication
  /** Whether trailing headers follow the last chunk. */
  hasTrailer: boolean
  /** Receives the trailing headers, names in lower case. */
  onTrailer: (name: string, value: string) => void
}

/** Takes the aws-chunked framing off a body and verifies the signature of each chunk and of the trailer. Wire form:
 *  `(HEX[;chunk-signature=SIG] CRLF data CRLF)* 0[;chunk-signature=SIG] CRLF (name:value CRLF)* [x-amz-trailer-signature:SIG CRLF] CRLF`. */
export async function* decodeChunked(source: AsyncIterable<Buffer>, options: ChunkedOptions): AsyncGenerator<Buffer> {
  const reader = new Reader(source)
  const chain = options.authentication && new SignatureChain(options.authentication)
  for (;;) {
    const { size, signature } = parseHeader(await reader.line())
    const hasher = chain && createHash('sha256')
    for (let left = size; left > 0;) {
      const piece = await reader.upTo(left)
      left -= piece.length
      hasher?.update(piece)
      yield piece
    }
    chain?.checkChunk(hasher as Hash, signature)
    if (size === 0) break
    if ((await reader.line()) !== '') throw incomplete()
  }
  await readTrailer(reader, chain, options)
}

async function readTrailer(
  reader: Reader,
  chain: SignatureChain | undefined,
  { hasTrailer, onTrailer }: ChunkedOptions,
): Promise<void> {
  let signed = ''
  let signature = ''
  for (let lines = 0; ; lines++) {
    const line = await reader.lineOrEnd()
    if (line === undefined || line === '') break
    const colon = line.indexOf(':')
    if (!hasTrailer || colon < 1 || lines === maxTrailerLines) throw malformedTrailer()
    const name = line.slice(0, colon).trim().toLowerCase()
    const value = line.slice(colon + 1).trim()
    if (name === 'x-amz-trailer-signature') {
      signature = value
      continue
    }
    signed += `${name}:${value}\n`
    onTrailer(name, value)
  }
  if (hasTrailer) chain?.checkTrailer(signed, signature)
}

function parseHeader(line: string): { size: number; signature: string } {
  const match = /^([0-9a-fA-F]{1,12})(?:;chunk-signature=([0-9a-f]{64}))?$/.exec(line)
  if (!match) throw incomplete()
  return { size: Number.parseInt(match[1] as string, 16), signature: match[2] ?? '' }
}

/** Each chunk signs its data and the signature before it (S3 API reference, "Signature calculations: transferring payload in chunks"). */
class SignatureChain {
  private previous: string
  private readonly authentication: Authentication

  constructor(authentication: Authentication) {
    this.authentication = authentication
    this.previous = authentication.signature
  }

  checkChunk(hasher: Hash, signature: string): void {
    this.check(['AWS4-HMAC-SHA256-PAYLOAD', emptyHash, hasher.digest('hex')], signature)
  }

  checkTrailer(lines: string, signature: string): void {
    this.check(['AWS4-HMAC-SHA256-TRAILER', hash('sha256', Buffer.from(lines, 'latin1'))], signature)
  }

  private check([algorithm, ...hashes]: string[], signature: string): void {
    const { date, scope, signingKey } = this.authentication
    const stringToSign = [algorithm, date, scope, this.previous, ...hashes].join('\n')
    const expected = sign(signingKey, stringToSign)
    if (!sameSignature(expected, signature)) {
      throw new ServiceError(
        'SignatureDoesNotMatch',
        'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
        { status: 403, fields: { StringToSign: stringToSign, SignatureProvided: signature } },
      )
    }
    this.previous = expected
  }
}

/** Lines and pieces of data from buffers that are cut anywhere. */
class Reader {
  private readonly source: AsyncIterator<Buffer>
  private buffer: Buffer = Buffer.alloc(0)

  constructor(source: AsyncIterable<Buffer>) {
    this.source = source[Symbol.asyncIterator]()
  }

  /** A line without its CRLF. */
  async line(): Promise<string> {
    const line = await this.lineOrEnd()
    if (line === undefined) throw incomplete()
    return line
  }

  /** A line, or undefined when the body is over. */
  async lineOrEnd(): Promise<string | undefined> {
    for (;;) {
      const end = this.buffer.indexOf('\n')
      if (end > maxLineBytes || (end < 0 && this.buffer.length > maxLineBytes)) throw incomplete()
      if (end >= 0) {
        if (this.buffer[end - 1] !== 0x0d) throw incomplete()
        const line = this.buffer.toString('latin1', 0, end - 1)
        this.buffer = this.buffer.subarray(end + 1)
        return line
      }
      const next = await this.source.next()
      if (next.done) {
        if (this.buffer.length > 0) throw incomplete()
        return undefined
      }
      this.buffer = this.buffer.length === 0 ? next.value : Buffer.concat([this.buffer, next.value])
    }
  }

  /** At least one byte and at most `size`. */
  async upTo(size: number): Promise<Buffer> {
    while (this.buffer.length === 0) {
      const next = await this.source.next()
      if (next.done) throw incomplete()
      this.buffer = next.value
    }
    const piece = this.buffer.subarray(0, size)
    this.buffer = this.buffer.subarray(piece.length)
    return piece
  }
}

function incomplete(): ServiceError {
  return s3Error('IncompleteBody', {}, 'The request body terminated unexpectedly')
}

function malformedTrailer(): ServiceError {
  return s3Error('MalformedTrailerError')
}
