import type { IncomingMessage, ServerResponse } from 'node:http'
import { hash } from 'node:crypto'
import { authenticate, type Verifier } from './authentication.ts'
import { ServiceError } from './errors.ts'
import type { JsonService } from './json.ts'
import { asServiceError, sendJson, sendJsonError } from './replies.ts'
import { hasLeft, type AwsRequest } from './request.ts'

const maxBodyBytes = 16 * 1024 * 1024
/** The service's name in the scope of a signature. */
const signingNames: Record<string, string> = { AWSGlue: 'glue', AmazonAthena: 'athena' }

/** Answers a request of an `x-amz-json-1.1` service: `X-Amz-Target: AWSGlue.GetTable` and a JSON object as body. */
export async function answerJson(
  request: AwsRequest,
  response: ServerResponse,
  { services, verifier, log }: { services: JsonService[]; verifier: Verifier; log: (line: string) => void },
): Promise<void> {
  const target = String(request.headers['x-amz-target'])
  try {
    const dot = target.lastIndexOf('.')
    const body = await readBody(request.message, maxBodyBytes)
    const name = target.slice(0, dot)
    authenticate(request, { service: signingNames[name] ?? name, payload: signedHash(request, body) }, verifier)
    const operations = services.find(service => service.target === name)?.operations
    const operation = target.slice(dot + 1)
    if (!operations || !Object.hasOwn(operations, operation)) {
      throw new ServiceError('UnknownOperationException', `The operation ${target} is not known here.`)
    }
    sendJson(response, 200, await (operations[operation] as (input: unknown) => object)(parse(body)))
  } catch (error) {
    if (!(error instanceof ServiceError) && !hasLeft(request.message))
      log(`${target} failed (request ${request.requestId}): ${(error as Error)?.stack ?? error}`)
    sendJsonError(
      response,
      translate(asServiceError(error, 'InternalServiceException', 'An internal error occurred; see the log of the home.')),
    )
  }
}

/** Reads a body that must fit in memory. */
export async function readBody(message: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of message.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > limitBytes) throw new ServiceError('RequestEntityTooLarge', 'The request is too large.', { status: 413 })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** The hash that the client signed is that of the body: a body changed on the way gives another signature. */
export function signedHash({ headers }: AwsRequest, body: Buffer): string {
  const declared = headers['x-amz-content-sha256']
  return declared === 'UNSIGNED-PAYLOAD' ? declared : hash('sha256', body)
}

function parse(body: Buffer): object {
  try {
    const input: unknown = JSON.parse(body.toString() || '{}')
    if (typeof input === 'object' && input !== null && !Array.isArray(input)) return input
  } catch {
    // Answered like every other body that is no object.
  }
  throw new ServiceError('SerializationException', 'The body of the request is not a JSON object.')
}

const wrongSignature =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.'

/** The signature's errors are S3's; the JSON services have names of their own, all with 400 (AWS "Common errors"). */
function translate(error: ServiceError): ServiceError {
  const { code, message, fields } = error
  if (code === 'SignatureDoesNotMatch') return new ServiceError('InvalidSignatureException', wrongSignature)
  if (code === 'InvalidAccessKeyId') {
    return new ServiceError('UnrecognizedClientException', 'The security token included in the request is invalid.')
  }
  if (code === 'AccessDenied' && error.status === 403) {
    return new ServiceError('MissingAuthenticationTokenException', 'Missing Authentication Token')
  }
  if (code === 'RequestTimeTooSkewed') {
    const sentence = `Signature expired: ${fields.RequestTime} is more than 15 min. away from ${fields.ServerTime}.`
    return new ServiceError('InvalidSignatureException', sentence)
  }
  if (code === 'AuthorizationHeaderMalformed' && fields.Region !== undefined) {
    return new ServiceError('InvalidSignatureException', `Credential should be scoped to a valid region, here ${fields.Region}.`)
  }
  if (code === 'AuthorizationHeaderMalformed' && message.includes('incorrect service')) {
    return new ServiceError('InvalidSignatureException', 'Credential should be scoped to correct service.')
  }
  return code.startsWith('Authorization') ? new ServiceError('IncompleteSignatureException', message) : error
}
