import { replaceConfigs } from '../topics/alter.ts'
import { array, boolean, int8, nullableString, string, struct } from '../wire/schema.ts'
import { alterEach, alterResponse } from './alter-each.ts'
import { api } from './api.ts'

/** AlterConfigs (33), versions 0-1.
 *
 *     request  => resources [resourceType i8, resourceName, configs [name, value nullable]], validateOnly bool
 *     response => throttleTimeMs i32, responses [errorCode i16, errorMessage nullable, resourceType i8, resourceName]
 *
 *  The configs given replace all that the topic had. Left out: brokers. */
export const alterConfigs = api({
  key: 33,
  name: 'AlterConfigs',
  versions: [0, 1],
  request: struct({
    resources: array(
      struct({ resourceType: int8, resourceName: string, configs: array(struct({ name: string, value: nullableString })) }),
    ),
    validateOnly: boolean,
  }),
  response: alterResponse,
  handle: ({ broker }, { resources, validateOnly }) =>
    alterEach(resources, ({ resourceType, resourceName, configs }) =>
      replaceConfigs(broker, resourceType, resourceName, configs, validateOnly),
    ),
})
