import { codeOf, errors } from '../errors.ts'
import { replaceConfigs, checkOnce } from '../topics/alter.ts'
import { array, boolean, int16, int32, int8, nullableString, string, struct } from '../wire/schema.ts'
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
  response: struct({
    throttleTimeMs: int32,
    responses: array(struct({ errorCode: int16, errorMessage: nullableString, resourceType: int8, resourceName: string })),
  }),
  handle({ broker }, { resources, validateOnly }) {
    const responses = resources.map(({ resourceType, resourceName, configs }) => {
      try {
        checkOnce(resources, resourceType, resourceName)
        replaceConfigs(broker, resourceType, resourceName, configs, validateOnly)
        return { errorCode: errors.NONE, errorMessage: null, resourceType, resourceName }
      } catch (error) {
        return { errorCode: codeOf(error), errorMessage: (error as Error).message, resourceType, resourceName }
      }
    })
    return { throttleTimeMs: 0, responses }
  },
})
