import type { ServerResponse } from 'node:http'
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
export async function readBody(message: AsyncIterable<Buffer>, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of message) {
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

const translations: Record<string, [code: string, message?: string]> = {
  SignatureDoesNotMatch: [
    'InvalidSignatureException',
    'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
  ],
  InvalidAccessKeyId: ['UnrecognizedClientException', 'The security token included in the request is invalid.'],
  AccessDenied: ['MissingAuthenticationTokenException', 'Missing Authentication Token'],
  RequestTimeTooSkewed: ['InvalidSignatureException'],
  AuthorizationHeaderMalformed: ['IncompleteSignatureException'],
  AuthorizationQueryParametersError: ['IncompleteSignatureException'],
}

/** The signature's errors are S3's; the JSON services have names of their own, all with 400 (AWS "Common Errors"). */
function translate(error: ServiceError): ServiceError {
  const translation = translations[error.code]
  if (!translation || error.status >= 500) return error
  const [code, message] = translation
  if (error.code !== 'RequestTimeTooSkewed') return new ServiceError(code, message ?? error.message)
  const { RequestTime, ServerTime } = error.fields
  return new ServiceError(
    code,
    `Signature expired: ${RequestTime} is now earlier or later than ${ServerTime} by more than 15 min.`,
  )
}
