import { codeOf, errors } from '../errors.ts'
import { checkOnce } from '../topics/alter.ts'
import { array, int16, int32, int8, nullableString, string, struct } from '../wire/schema.ts'

/** What AlterConfigs and IncrementalAlterConfigs answer: one line a resource. */
export const alterResponse = struct({
  throttleTimeMs: int32,
  responses: array(struct({ errorCode: int16, errorMessage: nullableString, resourceType: int8, resourceName: string })),
})

/** Alters resource by resource: what one is refused for does not touch the others. */
export function alterEach<Resource extends { resourceType: number; resourceName: string }>(
  resources: Resource[],
  alter: (resource: Resource) => void,
) {
  const responses = resources.map(resource => {
    const { resourceType, resourceName } = resource
    try {
      checkOnce(resources, resourceType, resourceName)
      alter(resource)
      return { errorCode: errors.NONE as number, errorMessage: null, resourceType, resourceName }
    } catch (error) {
      return { errorCode: codeOf(error), errorMessage: (error as Error).message, resourceType, resourceName }
    }
  })
  return { throttleTimeMs: 0, responses }
}
