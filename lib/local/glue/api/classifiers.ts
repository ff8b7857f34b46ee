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
    GetClassifier: ({ Name }: GetClassifierRequest) => toWire({ Classifier: known(Name) }),
    GetClassifiers(request: GetClassifiersRequest) {
      const names = [...store.classifiers.keys()].sort()
      const { items, NextToken } = page(
        names,
        request,
        byName(1000, name => name),
      )
      return toWire({ Classifiers: items.map(name => store.classifiers.get(name)!), NextToken })
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
  const { JsonClassifier, CsvClassifier } = request
  if (JsonClassifier)
    return { JsonClassifier: checkJson({ ...old?.JsonClassifier, ...JsonClassifier, ...stamp(old?.JsonClassifier) }) }
  if (CsvClassifier) return { CsvClassifier: checkCsv({ ...old?.CsvClassifier, ...CsvClassifier, ...stamp(old?.CsvClassifier) }) }
  throw invalidInput('A classifier must be specified: one of JsonClassifier, CsvClassifier.')
}

const stamp = (old: { CreationTime?: Date; Version?: number } | undefined) => {
  const now = new Date()
  return { CreationTime: old?.CreationTime ?? now, LastUpdated: now, Version: (old?.Version ?? 0) + 1 }
}

type Given<T> = Partial<NonNullable<T>>

function checkJson(given: Given<Classifier['JsonClassifier']>): Classifier['JsonClassifier'] {
  const { JsonPath } = given
  if (JsonPath === undefined || !parseJsonPath(JsonPath)) {
    throw invalidInput(`The JSON path ${JsonPath} is not valid or uses an operator that is not supported.`)
  }
  return { ...given, Name: checkName(given.Name, 'jsonClassifier.name'), JsonPath }
}

function checkCsv(given: Given<Classifier['CsvClassifier']>): Classifier['CsvClassifier'] {
  const { Delimiter, QuoteSymbol, ContainsHeader, Serde } = given
  for (const [field, value] of Object.entries({ delimiter: Delimiter, quoteSymbol: QuoteSymbol })) {
    if (value !== undefined && value.length !== 1) {
      throw invalidInput(`The ${field} of a CSV classifier must be one character, not '${value}'.`)
    }
  }
  if (Delimiter !== undefined && Delimiter === QuoteSymbol) throw invalidInput('The delimiter and the quote symbol must differ.')
  oneOf(ContainsHeader, 'csvClassifier.containsHeader', ['UNKNOWN', 'PRESENT', 'ABSENT'])
  oneOf(Serde, 'csvClassifier.serde', ['OpenCSVSerDe', 'LazySimpleSerDe', 'None'])
  return { ...given, Name: checkName(given.Name, 'csvClassifier.name') }
}
