import type { ServerResponse } from 'node:http'
import { ServiceError } from './errors.ts'

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** Text as XML content. Control characters become references as S3 writes them: XML 1.0 has no form for them, S3 sends one nevertheless. */
export function escapeXml(text: string): string {
  return text.replace(
    /[&<>"]|[\u0000-\u0008\u000b-\u001f\ufffe\uffff]/g,
    mark => escapes[mark] ?? `&#x${mark.charCodeAt(0).toString(16)};`,
  )
}

export const xmlDeclaration = '<?xml version="1.0" encoding="UTF-8"?>\n'

/** S3's error document; an answer to HEAD has no body. */
export function sendXmlError(
  response: ServerResponse,
  error: ServiceError,
  { requestId, hostId }: { requestId: string; hostId: string },
): void {
  const { code, message, fields, status } = error
  const parts = Object.entries({ Code: code, Message: message, ...fields, RequestId: requestId, HostId: hostId })
  const body = `${xmlDeclaration}<Error>${parts.map(([name, value]) => `<${name}>${escapeXml(value)}</${name}>`).join('')}</Error>`
  response.statusCode = status
  if (status === 304) return void response.end()
  response.setHeader('content-type', 'application/xml')
  if (response.req.method === 'HEAD') return void response.end()
  response.setHeader('content-length', Buffer.byteLength(body))
  response.end(body)
}

/** An answer of an `x-amz-json-1.1` service. */
export function sendJson(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body)
  response.statusCode = status
  response.setHeader('content-type', 'application/x-amz-json-1.1')
  response.setHeader('content-length', Buffer.byteLength(text))
  response.end(text)
}

/** Its error: `__type` and `Message`, and what the service adds. */
export function sendJsonError(response: ServerResponse, error: ServiceError): void {
  sendJson(response, error.status, { __type: error.code, Message: error.message, ...error.fields })
}

/** What went wrong inside is for the log, not for the client. */
export function asServiceError(error: unknown, code: string, message: string): ServiceError {
  return error instanceof ServiceError ? error : new ServiceError(code, message, { status: 500 })
}
