import type { ServerResponse } from 'node:http'
import { authenticate, type Verifier } from './authentication.ts'
import { ServiceError } from './errors.ts'
import { readBody, signedHash } from './jsonProtocol.ts'
import { escapeXml, xmlDeclaration } from './replies.ts'
import type { AwsRequest } from './request.ts'

/** The account that everything here belongs to. */
export const accountId = '000000000000'

/** Whether a request is meant for STS, which has a protocol of its own (a form in, XML out). */
export function isSts({ method, path, headers }: AwsRequest): boolean {
  const authorization = headers.authorization
  return method === 'POST' && path === '/' && authorization !== undefined && /\/sts\/aws4_request/.test(authorization)
}

/** STS for those who ask who they are (`aws sts get-caller-identity`); nothing else of it is here. */
export async function answerSts(request: AwsRequest, response: ServerResponse, verifier: Verifier): Promise<void> {
  try {
    const body = await readBody(request.message, 64 * 1024)
    authenticate(request, { service: 'sts', payload: signedHash(request, body) }, verifier)
    const action = new URLSearchParams(body.toString()).get('Action') ?? ''
    if (action !== 'GetCallerIdentity') {
      throw new ServiceError('InvalidAction', `Could not find operation ${action} for version 2011-06-15`)
    }
    const result = `<Arn>arn:aws:iam::${accountId}:root</Arn><UserId>${accountId}</UserId><Account>${accountId}</Account>`
    send(
      response,
      200,
      'GetCallerIdentityResponse',
      `<GetCallerIdentityResult>${result}</GetCallerIdentityResult>`,
      request.requestId,
    )
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error
    const detail = `<Error><Type>Sender</Type><Code>${error.code}</Code><Message>${escapeXml(error.message)}</Message></Error>`
    send(response, error.status, 'ErrorResponse', detail, request.requestId)
  }
}

function send(response: ServerResponse, status: number, root: string, content: string, requestId: string): void {
  const id =
    root === 'ErrorResponse'
      ? `<RequestId>${requestId}</RequestId>`
      : `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata>`
  const body = `${xmlDeclaration}<${root} xmlns="https://sts.amazonaws.com/doc/2011-06-15/">${content}${id}</${root}>`
  response.writeHead(status, { 'content-type': 'text/xml', 'content-length': Buffer.byteLength(body) }).end(body)
}
