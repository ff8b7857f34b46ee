import type { Classifier } from '@aws-sdk/client-glue'
import { readHead, type Compression, type Head, type Stored } from './compression.ts'
import { sampleCsv, type CsvRules, type CsvSample } from './csv.ts'
import { FirstDocument } from './firstDocument.ts'
import { sampleJson } from './json.ts'
import { select } from './jsonPath.ts'
import { sampleParquet } from './parquet.ts'
import type { FoundColumn } from './types.ts'

/** What one object holds, as far as a table needs it. Objects of the same kind share one. */
export interface Shape {
  /** The table parameter `classification`: `json`, `csv`, `parquet` or `UNKNOWN`. */
  classification: string
  compression: Compression
  columns: FoundColumn[]
  csv?: { delimiter: string; hasHeader: boolean; quote?: string; serde?: string }
  /** Equal for objects that one table can hold: format, compression, delimiter. */
  compatibility: string
}

/** What was learned of one object. */
export interface ObjectSample {
  shape: Shape
  records: number
  /** Bytes of one record, decompressed; not rounded. */
  averageRecordSize: number
}

const megabyte = 1024 * 1024
const mostBytes = 10 * megabyte

/** How objects are sampled. */
export interface SampleOptions {
  classifiers: Classifier[]
  /** Called now and then; may wait until others have run. */
  breathe: () => Promise<void>
}

/** Classifies one object: the custom classifiers in their order, then Parquet, JSON, CSV, else `UNKNOWN`. */
export async function sampleObject(object: Stored, { classifiers, breathe }: SampleOptions): Promise<ObjectSample> {
  let limit = megabyte
  let head = await readHead(object, limit)
  if (isParquet(head.bytes) && head.compression === 'none') return parquetSample(object)
  let text = decode(head)
  const first = new FirstDocument()
  for (;;) {
    const found = await paced(sampleText(text, head, object.sizeBytes, classifiers), breathe)
    if (found !== 'incomplete') return found
    do {
      if (head.whole || limit >= mostBytes) return unknown(head.compression)
      limit += megabyte
      head = await readHead(object, limit)
      text = decode(head)
      await breathe()
    } while (!first.endsIn(text) && !head.whole && limit < mostBytes)
  }
}

async function paced<T>(steps: Generator<void, T>, breathe: () => Promise<void>): Promise<T> {
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
    await breathe()
  }
}

/** The record that means that nothing is known. */
export const unknown = (compression: Compression = 'none'): ObjectSample => ({
  shape: { classification: 'UNKNOWN', compression, columns: [], compatibility: `UNKNOWN|${compression}` },
  records: 0,
  averageRecordSize: 0,
})

function* sampleText(
  text: string,
  head: Head,
  sizeBytes: number,
  classifiers: Classifier[],
): Generator<void, ObjectSample | 'incomplete'> {
  const measure = { head, sizeBytes, characters: text.length }
  for (const classifier of classifiers) {
    const found = classifier.JsonClassifier
      ? yield* jsonSample(text, measure, classifier.JsonClassifier.JsonPath!)
      : classifier.CsvClassifier && csvSample(text, measure, rulesOf(classifier.CsvClassifier), classifier.CsvClassifier.Serde)
    if (found) return found
  }
  return (yield* jsonSample(text, measure)) ?? csvSample(text, measure, {}) ?? unknown(head.compression)
}

interface Measure {
  head: Head
  sizeBytes: number
  characters: number
}

function* jsonSample(
  text: string,
  measure: Measure,
  jsonPath?: string,
): Generator<void, ObjectSample | 'incomplete' | undefined> {
  const found = yield* sampleJson(text)
  if (found === undefined || found === 'incomplete') return measure.head.whole ? undefined : found
  const { type, records } = jsonPath ? select(found, jsonPath) : found
  if (type.kind !== 'struct' || records === 0) return undefined
  const columns = [...type.fields].map(([name, field]) => ({ name, type: field }))
  const shape = shaped({ classification: 'json', compression: measure.head.compression, columns })
  return { shape, ...counted(measure, records, found.used) }
}

function csvSample(text: string, measure: Measure, rules: CsvRules, serde?: string): ObjectSample | undefined {
  const found = sampleCsv(text, measure.head.whole, rules)
  if (!found) return undefined
  const csv = { delimiter: found.delimiter, hasHeader: found.hasHeader, quote: rules.quote, serde }
  const shape = shaped({ classification: 'csv', compression: measure.head.compression, columns: found.columns, csv })
  return { shape, ...counted(measure, rowsIn(found), found.used) }
}

const rowsIn = ({ records, hasHeader }: CsvSample): number => records + (hasHeader ? 1 : 0)

/** Records of the whole object, estimated from the part that was read, and their size. */
function counted(
  { head, sizeBytes, characters }: Measure,
  records: number,
  used: number,
): { records: number; averageRecordSize: number } {
  const readBytes =
    head.whole && used >= characters ? head.bytes.length : Math.round((head.bytes.length * used) / Math.max(characters, 1))
  const averageRecordSize = readBytes / records
  const share = used / Math.max(characters, 1)
  if (head.whole && share === 1) return { records, averageRecordSize }
  return { records: Math.max(records, Math.round((records * sizeBytes) / (head.storedBytes * share))), averageRecordSize }
}

async function parquetSample({ path, sizeBytes }: Stored): Promise<ObjectSample> {
  const { columns, records } = await sampleParquet(path)
  const shape = shaped({ classification: 'parquet', compression: 'none', columns })
  return { shape, records, averageRecordSize: records === 0 ? 0 : sizeBytes / records }
}

function rulesOf(classifier: NonNullable<Classifier['CsvClassifier']>): CsvRules {
  return {
    delimiter: classifier.Delimiter,
    quote: classifier.QuoteSymbol,
    containsHeader: classifier.ContainsHeader,
    header: classifier.Header?.length ? classifier.Header : undefined,
    keepBlanks: classifier.DisableValueTrimming,
    allowSingleColumn: classifier.AllowSingleColumn,
  }
}

const isParquet = (bytes: Uint8Array): boolean => bytes[0] === 0x50 && bytes[1] === 0x41 && bytes[2] === 0x52 && bytes[3] === 0x31

/** A character cut at the end of a sample is left out. */
function decode(head: Head): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(head.bytes, { stream: !head.whole })
}

function shaped(shape: Omit<Shape, 'compatibility'>): Shape {
  const { classification, compression, csv } = shape
  const compatibility = [classification, compression, csv?.delimiter ?? '', csv?.serde ?? ''].join('|')
  return { ...shape, compatibility }
}
