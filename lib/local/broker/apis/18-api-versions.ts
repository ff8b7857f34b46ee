import { errors } from '../errors.ts'
import { array, int16, int32, since, struct } from '../wire/schema.ts'
import type { Writer } from '../wire/writer.ts'
import { api } from './api.ts'

const response = struct({
  errorCode: int16,
  apiKeys: array(struct({ key: int16, first: int16, last: int16 })),
  throttleTimeMs: since(1, int32, 0),
})

/** ApiVersions (18), versions 0-2.
 *
 *     request  => (empty)
 *     response => errorCode i16, apiKeys [key i16, first i16, last i16], throttleTimeMs i32 (1+)
 *
 *  A higher version is answered with UNSUPPORTED_VERSION in the layout of version 0 and the row of this key alone, so that clients ask again.
 *  Left out: the client's name and version, features, which begin with version 3. */
export const apiVersions = api({
  key: 18,
  name: 'ApiVersions',
  versions: [0, 2],
  request: struct({}),
  response,
  handle: ({ apis }) => ({
    errorCode: errors.NONE,
    apiKeys: apis.map(({ key, versions: [first, last] }) => ({ key, first, last })),
    throttleTimeMs: 0,
  }),
})

/** The body that tells a client of a later version to ask again. */
export function unsupportedVersion(writer: Writer): void {
  const { key, versions } = apiVersions
  response.write(
    writer,
    { errorCode: errors.UNSUPPORTED_VERSION, apiKeys: [{ key, first: versions[0], last: versions[1] }], throttleTimeMs: 0 },
    0,
  )
}
