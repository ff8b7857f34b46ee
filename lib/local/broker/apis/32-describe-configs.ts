import { codeOf, errors } from '../errors.ts'
import { describeResource, type DescribedConfig } from '../topics/describe.ts'
import {
  array,
  boolean,
  int16,
  int32,
  int8,
  nullableArray,
  nullableString,
  since,
  string,
  struct,
  within,
} from '../wire/schema.ts'
import { api } from './api.ts'

/** DescribeConfigs (32), versions 0-3.
 *
 *     request  => resources [resourceType i8, resourceName, configurationKeys nullable [name]], includeSynonyms bool (1+), includeDocumentation bool (3+)
 *     response => throttleTimeMs i32, results [errorCode i16, errorMessage nullable, resourceType i8, resourceName, configs [name, value nullable,
 *                 readOnly bool, isDefault bool (0), configSource i8 (1+), isSensitive bool, synonyms [name, value nullable, source i8] (1+),
 *                 configType i8 (3+), documentation nullable (3+)]]
 *
 *  Topics (2) and this broker (4). Left out: broker loggers, documentation, broker properties that do not act here. */
export const describeConfigs = api({
  key: 32,
  name: 'DescribeConfigs',
  versions: [0, 3],
  request: struct({
    resources: array(struct({ resourceType: int8, resourceName: string, configurationKeys: nullableArray(string) })),
    includeSynonyms: since(1, boolean, false),
    includeDocumentation: since(3, boolean, false),
  }),
  response: struct({
    throttleTimeMs: int32,
    results: array(
      struct({
        errorCode: int16,
        errorMessage: nullableString,
        resourceType: int8,
        resourceName: string,
        configs: array(
          struct({
            name: string,
            value: nullableString,
            readOnly: boolean,
            isDefault: within(0, 0, boolean, false),
            configSource: since(1, int8, -1),
            isSensitive: boolean,
            synonyms: since(1, array(struct({ name: string, value: nullableString, source: int8 })), []),
            configType: since(3, int8, 0),
            documentation: since(3, nullableString, null),
          }),
        ),
      }),
    ),
  }),
  handle({ broker }, { resources, includeSynonyms }) {
    const results = resources.map(({ resourceType, resourceName, configurationKeys }) => {
      const base = {
        resourceType,
        resourceName,
        errorMessage: '',
        errorCode: errors.NONE as number,
        configs: [],
      }
      try {
        const all = describeResource(broker, resourceType, resourceName)
        const asked = configurationKeys?.length ? all.filter(({ name }) => configurationKeys.includes(name)) : all
        return { ...base, configs: asked.map(config => row(config, includeSynonyms)) }
      } catch (error) {
        return { ...base, errorCode: codeOf(error), errorMessage: (error as Error).message }
      }
    })
    return { throttleTimeMs: 0, results }
  },
})

function row({ name, value, readOnly, source, type, synonyms }: DescribedConfig, includeSynonyms: boolean) {
  return {
    name,
    value,
    readOnly,
    // Kafka 3 no longer says so in version 0
    isDefault: false,
    configSource: source,
    isSensitive: false,
    synonyms: includeSynonyms ? synonyms : [],
    configType: type,
    documentation: null,
  }
}
