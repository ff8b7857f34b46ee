import type { BrokerState } from '../state.ts'
import type { Type } from '../wire/schema.ts'

/** Who asks, and in which version. */
export interface Context {
  broker: BrokerState
  version: number
  clientId: string
  /** `address:port` of the client. */
  peer: string
  /** Aborted when the client is gone: whatever waits for it ends. */
  gone: AbortSignal
  /** All that is served. */
  apis: readonly Api[]
}

/** One API key: versions (inclusive), the wire in both directions, what to do. */
export interface Api<Request = any, Response = any> {
  key: number
  name: string
  versions: readonly [first: number, last: number]
  request: Type<Request>
  response: Type<Response>
  /** Undefined: no answer is sent (Produce with acks=0). */
  handle(context: Context, request: Request): Response | undefined | Promise<Response | undefined>
}

/** Types a table of one API; adds nothing. */
export const api = <Request, Response>(definition: Api<Request, Response>): Api<Request, Response> => definition
