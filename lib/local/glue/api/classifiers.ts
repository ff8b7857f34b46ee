import type {
  Classifier,
  CreateClassifierRequest,
  DeleteClassifierRequest,
  GetClassifierRequest,
  GetClassifiersRequest,
  UpdateClassifierRequest,
} from '@aws-sdk/client-glue'
import { unsupported, oneOf } from '../crawlerInput.ts'
import { classifierName, type CrawlerStore } from '../crawlerStore.ts'
import { parseJsonPath } from '../crawl/jsonPath.ts'
import { alreadyExists, checkName, invalidInput, notFound } from '../names.ts'
import { byName, page } from '../page.ts'
import { toWire } from '../wire.ts'

/** CreateClassifier, GetClassifier, GetClassifiers, UpdateClassifier, DeleteClassifier: JSON and CSV ones; grok and XML are refused. */
export function classifierOperations(store: CrawlerStore) {
  const known = (Name: string | undefined): Classifier => {
    const found = store.classifiers.get(checkName(Name, 'name'))
    if (!found) throw notFound(`Classifier ${Name} not found.`)
    return found
  }
  return {
    async CreateClassifier(request: CreateClassifierRequest) {
      const classifier = classifierOf(request)
      const name = classifierName(classifier)
      if (store.classifiers.has(name)) throw alreadyExists(`Classifier ${name} already exists.`)
      store.classifiers.set(name, classifier)
      await store.save()
      return {}
    },
    GetClassifier: ({ Name }: GetClassifierRequest) => ({ Classifier: answered(known(Name)) }),
    GetClassifiers(request: GetClassifiersRequest) {
      const names = [...store.classifiers.keys()].sort()
      const { items, NextToken } = page(
        names,
        request,
        byName(1000, name => name),
      )
      return { Classifiers: items.map(name => answered(store.classifiers.get(name)!)), NextToken }
    },
    async UpdateClassifier(request: UpdateClassifierRequest) {
      const old = known((request.JsonClassifier ?? request.CsvClassifier)?.Name ?? '')
      const classifier = classifierOf(request, old)
      if (Boolean(old.JsonClassifier) !== Boolean(classifier.JsonClassifier))
        throw invalidInput('The type of a classifier cannot be changed.')
      store.classifiers.set(classifierName(classifier), classifier)
      await store.save()
      return {}
    },
    async DeleteClassifier({ Name }: DeleteClassifierRequest) {
      store.classifiers.delete(classifierName(known(Name)))
      await store.save()
      return {}
    },
  }
}

function classifierOf(request: CreateClassifierRequest | UpdateClassifierRequest, old?: Classifier): Classifier {
  if (request.GrokClassifier)
    throw unsupported('Grok classifiers are not supported: the local crawler has JSON and CSV classifiers.')
  if (request.XMLClassifier)
    throw unsupported('XML classifiers are not supported: the local crawler has JSON and CSV classifiers.')
  const times = { CreationTime: oldTime(old) ?? Date.now(), LastUpdated: Date.now(), Version: (oldVersion(old) ?? 0) + 1 }
  const { JsonClassifier, CsvClassifier } = request
  if (JsonClassifier) {
    const given = {
      ...old?.JsonClassifier,
      ...JsonClassifier,
      ...times,
      Name: checkName(JsonClassifier.Name, 'jsonClassifier.name'),
    }
    if (!parseJsonPath(given.JsonPath ?? ''))
      throw invalidInput(`The JSON path ${given.JsonPath} is not valid or uses an operator that is not supported.`)
    return { JsonClassifier: given as unknown as Classifier['JsonClassifier'] }
  }
  if (!CsvClassifier) throw invalidInput('A classifier must be specified: one of JsonClassifier, CsvClassifier.')
  const given = { ...old?.CsvClassifier, ...CsvClassifier, ...times, Name: checkName(CsvClassifier.Name, 'csvClassifier.name') }
  for (const [field, value] of [['delimiter', given.Delimiter] as const, ['quoteSymbol', given.QuoteSymbol] as const]) {
    if (value !== undefined && value.length !== 1)
      throw invalidInput(`The ${field} of a CSV classifier must be one character, not '${value}'.`)
  }
  if (given.Delimiter !== undefined && given.Delimiter === given.QuoteSymbol)
    throw invalidInput('The delimiter and the quote symbol must differ.')
  oneOf(given.ContainsHeader, 'csvClassifier.containsHeader', ['UNKNOWN', 'PRESENT', 'ABSENT'])
  oneOf(given.Serde, 'csvClassifier.serde', ['OpenCSVSerDe', 'LazySimpleSerDe', 'None'])
  return { CsvClassifier: given as unknown as Classifier['CsvClassifier'] }
}

// Times are kept as epoch milliseconds: a classifier goes to the file and back as it is.
const oldTime = (old?: Classifier): number | undefined =>
  (old?.JsonClassifier ?? old?.CsvClassifier)?.CreationTime as unknown as number | undefined
const oldVersion = (old?: Classifier): number | undefined => (old?.JsonClassifier ?? old?.CsvClassifier)?.Version

function answered({ JsonClassifier, CsvClassifier }: Classifier): Classifier {
  const times = (one: { CreationTime?: Date; LastUpdated?: Date }) => ({
    CreationTime: new Date(one.CreationTime!),
    LastUpdated: new Date(one.LastUpdated!),
  })
  if (JsonClassifier) return toWire({ JsonClassifier: { ...JsonClassifier, ...times(JsonClassifier) } }) as Classifier
  return toWire({ CsvClassifier: { ...CsvClassifier!, ...times(CsvClassifier!) } }) as Classifier
}
