import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { authenticate, type Credentials, type Verifier } from './authentication.ts'
import { ServiceError } from './errors.ts'
import type { JsonService } from './json.ts'
import { answerJson } from './jsonProtocol.ts'
import { asServiceError, sendXmlError, xmlDeclaration } from './replies.ts'
import { hasLeft, parseRequest, type AwsRequest, type SignedRequest } from './request.ts'
import { authenticateV2, isPresignedV2 } from './signatureV2.ts'
import { answerSts, isSts } from './sts.ts'

/** Answers an S3 request whose signature is right; fails with a `ServiceError`. */
export type S3Service = (request: SignedRequest, response: ServerResponse) => Promise<void>

export interface AwsServerOptions {
  /** 0 for a free one. */
  port: number
  /** Default 127.0.0.1. */
  host?: string
  region: string
  credentials: Credentials
  s3: S3Service
  json?: JsonService[]
  log?: (line: string) => void
  /** Milliseconds since 1970; for tests of the clock. */
  now?: () => number
}

export interface AwsServer {
  port: number
  url: string
  /** Lets requests under way end (at most 5 s). The services stay open: who made them closes them. */
  close(): Promise<void>
}

const closeGraceMs = 5000

/** One HTTP server for S3, Glue and Athena: `X-Amz-Target` leads to the JSON services, everything else to S3. Every request's Signature V4 is
 *  verified. A port in use fails with EADDRINUSE. */
export async function startAwsServer({
  port,
  host = '127.0.0.1',
  region,
  credentials,
  s3,
  json = [],
  log = () => {},
  now = Date.now,
}: AwsServerOptions): Promise<AwsServer> {
  const hostId = randomBytes(32).toString('base64')
  const verifier: Verifier = { credentials, region, now }
  const underWay = new WeakMap<Duplex, ServerResponse>()
  const server = createServer({ keepAliveTimeout: 75_000, requestTimeout: 0, noDelay: true }, (message, response) => {
    underWay.set(message.socket, response)
    void answer(message, response, { hostId, verifier, s3, services: json, log })
  })
  // A client that has ended its side still listens; without this Node would end the other one before the answer.
  Object.assign(server, { httpAllowHalfOpen: true })
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => refuseUnreadable(error, socket, underWay.get(socket)))
  await listen(server, port, host)
  const address = server.address() as AddressInfo
  return { port: address.port, url: `http://${host}:${address.port}`, close: () => close(server) }
}

/** Tells unsigned callers which process this is; no bucket can have such a name. */
const healthPath = '/_tickerlake/health'

interface Answering {
  /** Answered as `x-amz-id-2`. */
  hostId: string
  verifier: Verifier
  s3: S3Service
  services: JsonService[]
  log: (line: string) => void
}

async function answer(message: IncomingMessage, response: ServerResponse, answering: Answering): Promise<void> {
  if (message.url === healthPath)
    return void response.setHeader('content-type', 'application/json').end(JSON.stringify({ pid: process.pid }))
  const ids = { requestId: randomBytes(8).toString('hex').toUpperCase(), hostId: answering.hostId }
  try {
    message.on('error', () => {})
    if (message.headers['x-amz-target'] !== undefined) {
      response.setHeader('x-amzn-requestid', ids.requestId)
      return await answerJson(parseRequest(message, ids.requestId), response, answering)
    }
    response.setHeader('x-amz-request-id', ids.requestId)
    response.setHeader('x-amz-id-2', ids.hostId)
    response.setHeader('server', 'AmazonS3')
    const request = parseRequest(message, ids.requestId)
    if (isSts(request)) return await answerSts(request, response, answering.verifier)
    await answering.s3(signed(request, answering.verifier), response)
  } catch (error) {
    if (!(error instanceof ServiceError) && !hasLeft(message)) {
      answering.log(`${message.method} ${message.url} failed (request ${ids.requestId}): ${(error as Error)?.stack ?? error}`)
    }
    if (response.headersSent) response.destroy()
    else
      sendXmlError(response, asServiceError(error, 'InternalError', 'We encountered an internal error. Please try again.'), ids)
  } finally {
    drain(message)
  }
}

/** Reads what is left of a refused body, so that the client gets to its answer and the connection can serve the next request. */
function drain(message: IncomingMessage): void {
  message.removeAllListeners('readable')
  message.resume()
}

const payloadWords = [
  'UNSIGNED-PAYLOAD',
  'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
]

function signed(request: AwsRequest, verifier: Verifier): SignedRequest {
  if (isPresignedV2(request)) return { ...request, authentication: authenticateV2(request, verifier) }
  const presigned = request.query.has('X-Amz-Algorithm')
  const declared = request.headers['x-amz-content-sha256'] ?? request.query.get('X-Amz-Content-Sha256')
  if (declared === undefined && !presigned && request.headers.authorization?.startsWith('AWS4-')) {
    throw new ServiceError('InvalidRequest', 'Missing required header for this request: x-amz-content-sha256')
  }
  const payload = String(declared ?? 'UNSIGNED-PAYLOAD')
  if (!payloadWords.includes(payload) && !/^[0-9a-f]{64}$/.test(payload)) {
    const message = `x-amz-content-sha256 must be ${payloadWords.join(', ')}, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER or a valid sha256 value.`
    throw new ServiceError('InvalidArgument', message, {
      fields: { ArgumentName: 'x-amz-content-sha256', ArgumentValue: payload },
    })
  }
  return { ...request, authentication: authenticate(request, { service: 's3', payload }, verifier) }
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function close(server: Server): Promise<void> {
  return new Promise(resolve => {
    const force = setTimeout(() => server.closeAllConnections(), closeGraceMs)
    server.close(() => {
      clearTimeout(force)
      resolve()
    })
    server.closeIdleConnections()
  })
}

/** Bytes that are no HTTP request, or an end within one. An answer that has begun is all there will be. */
function refuseUnreadable(error: NodeJS.ErrnoException, socket: Duplex, response: ServerResponse | undefined): void {
  const isAnswering = response?.headersSent && !response.writableFinished
  if (!socket.writable || error.code === 'ECONNRESET' || isAnswering) return void socket.destroy()
  const [code, message] = unreadable(error, response !== undefined && !response.headersSent)
  const body = `${xmlDeclaration}<Error><Code>${code}</Code><Message>${message}</Message></Error>`
  socket.end(
    `HTTP/1.1 400 Bad Request\r\nContent-Type: application/xml\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  )
}

function unreadable({ code }: NodeJS.ErrnoException, isWithinBody: boolean): [code: string, message: string] {
  if (code === 'HPE_HEADER_OVERFLOW')
    return ['RequestHeaderSectionTooLarge', 'Your request header section exceeds the maximum allowed size.']
  if (code === 'HPE_INVALID_EOF_STATE' && isWithinBody)
    return ['IncompleteBody', 'You did not provide the number of bytes specified by the Content-Length HTTP header']
  return ['BadRequest', 'An error occurred when parsing the HTTP request.']
}
