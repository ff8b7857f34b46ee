import { changeConfigs } from '../topics/alter.ts'
import { array, boolean, int8, nullableString, string, struct } from '../wire/schema.ts'
import { alterEach, alterResponse } from './alter-each.ts'
import { api } from './api.ts'

/** IncrementalAlterConfigs (44), version 0.
 *
 *     request  => resources [resourceType i8, resourceName, configs [name, operation i8 (0 set, 1 delete, 2 append, 3 subtract), value nullable]],
 *                 validateOnly bool
 *     response => throttleTimeMs i32, responses [errorCode i16, errorMessage nullable, resourceType i8, resourceName]
 *
 *  Left out: brokers and loggers. */
export const incrementalAlterConfigs = api({
  key: 44,
  name: 'IncrementalAlterConfigs',
  versions: [0, 0],
  request: struct({
    resources: array(
      struct({
        resourceType: int8,
        resourceName: string,
        configs: array(struct({ name: string, operation: int8, value: nullableString })),
      }),
    ),
    validateOnly: boolean,
  }),
  response: alterResponse,
  handle: ({ broker }, { resources, validateOnly }) =>
    alterEach(resources, ({ resourceType, resourceName, configs }) =>
      changeConfigs(broker, resourceType, resourceName, configs, validateOnly),
    ),
})
