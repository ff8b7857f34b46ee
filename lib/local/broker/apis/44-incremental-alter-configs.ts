import { codeOf, errors } from '../errors.ts'
import { changeConfigs, checkOnce } from '../topics/alter.ts'
import { array, boolean, int16, int32, int8, nullableString, string, struct } from '../wire/schema.ts'
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
  response: struct({
    throttleTimeMs: int32,
    responses: array(struct({ errorCode: int16, errorMessage: nullableString, resourceType: int8, resourceName: string })),
  }),
  handle({ broker }, { resources, validateOnly }) {
    const responses = resources.map(({ resourceType, resourceName, configs }) => {
      try {
        checkOnce(resources, resourceType, resourceName)
        changeConfigs(broker, resourceType, resourceName, configs, validateOnly)
        return { errorCode: errors.NONE, errorMessage: null, resourceType, resourceName }
      } catch (error) {
        return { errorCode: codeOf(error), errorMessage: (error as Error).message, resourceType, resourceName }
      }
    })
    return { throttleTimeMs: 0, responses }
  },
})
