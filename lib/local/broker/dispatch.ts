import { apis } from './apis/index.ts'
import { unsupportedVersion } from './apis/18-api-versions.ts'
import type { BrokerState } from './state.ts'
import { MalformedRequest, Reader } from './wire/reader.ts'
import { Writer } from './wire/writer.ts'

const byKey = new Map(apis.map(api => [api.key, api]))
const apiVersionsKey = 18

/** Serves one frame:
 *
 *     request  => key i16, version i16, correlation id i32, client id nullable string, body
 *     response => size i32, correlation id i32, body
 *
 *  Undefined when there is nothing to send. Throws `MalformedRequest` when the connection is to be closed: that is how Kafka answers unknown keys,
 *  versions above its own and bytes that cannot be decoded. */
export async function respond(
  broker: BrokerState,
  frame: Buffer,
  peer: string,
  gone: AbortSignal,
): Promise<Buffer[] | undefined> {
  const reader = new Reader(frame)
  const key = reader.int16()
  const version = reader.int16()
  const correlationId = reader.int32()
  const writer = new Writer()
  writer.int32(0)
  writer.int32(correlationId)
  const api = byKey.get(key)
  if (!api || version < api.versions[0] || version > api.versions[1]) {
    if (key !== apiVersionsKey || version < 0)
      throw new MalformedRequest(`request of key ${key} version ${version} is not supported`)
    unsupportedVersion(writer)
    return sized(writer)
  }
  const clientId = reader.nullableString() ?? ''
  let request: unknown
  try {
    request = api.request.read(reader, version)
  } catch (error) {
    if (error instanceof MalformedRequest) error.message = `${api.name} v${version}: ${error.message}`
    throw error
  }
  const response = await api.handle({ broker, version, clientId, peer, gone, apis }, request)
  if (response === undefined) return undefined
  api.response.write(writer, response, version)
  return sized(writer)
}

function sized(writer: Writer): Buffer[] {
  const size = writer.length - 4
  const chunks = writer.chunks()
  chunks[0]!.writeInt32BE(size, 0)
  return chunks
}
