import { once } from 'node:events'
import type { Writable } from 'node:stream'
import type { RawRecord } from '../consumer/reader.ts'
import { checkProperties } from './lines.ts'

/** What is printed of a record; the words in brackets are Kafka's properties. */
export interface RecordFormat {
  timestamp: boolean
  partition: boolean
  offset: boolean
  headers: boolean
  key: boolean
  value: boolean
  /** Between the parts (key.separator). */
  separator: string
  lineSeparator: string
  headersSeparator: string
  /** For keys, values and headers that are null (null.literal). */
  nullText: string
  /** One JSON object a line instead. */
  json: boolean
}

const consumerProperties = [
  'print.timestamp',
  'print.partition',
  'print.offset',
  'print.headers',
  'print.key',
  'print.value',
  'key.separator',
  'line.separator',
  'headers.separator',
  'null.literal',
]

/** Reads `--property` (Kafka's names) and the short flags. Throws `LabError` OPTION. */
export function recordFormat(
  properties: Record<string, string>,
  flags: { keys?: boolean; headers?: boolean; timestamps?: boolean; places?: boolean; json?: boolean },
): RecordFormat {
  checkProperties(properties, consumerProperties)
  const isOn = (name: string): boolean => properties[name]?.toLowerCase() === 'true'
  return {
    timestamp: Boolean(flags.timestamps) || isOn('print.timestamp'),
    partition: Boolean(flags.places) || isOn('print.partition'),
    offset: Boolean(flags.places) || isOn('print.offset'),
    headers: Boolean(flags.headers) || isOn('print.headers'),
    key: Boolean(flags.keys) || isOn('print.key'),
    value: properties['print.value']?.toLowerCase() !== 'false',
    separator: properties['key.separator'] ?? '\t',
    lineSeparator: properties['line.separator'] ?? '\n',
    headersSeparator: properties['headers.separator'] ?? ',',
    nullText: properties['null.literal'] ?? 'null',
    json: Boolean(flags.json),
  }
}

/** A record as bytes, as Kafka's console consumer writes it: `CreateTime:…`, `Partition:…`, `Offset:…`, headers, key, value. Keys and values are not
 *  touched. */
export function formatRecord(record: RawRecord, format: RecordFormat): Buffer {
  if (format.json) return Buffer.from(`${JSON.stringify(asJson(record))}\n`)
  const parts: (string | Buffer)[] = []
  if (format.timestamp) parts.push(`CreateTime:${record.timestamp}`)
  if (format.partition) parts.push(`Partition:${record.partition}`)
  if (format.offset) parts.push(`Offset:${record.offset}`)
  if (format.headers) parts.push(headersText(record, format))
  if (format.key) parts.push(record.key ?? format.nullText)
  if (format.value) parts.push(record.value ?? format.nullText)
  const separator = Buffer.from(format.separator)
  const pieces = parts.flatMap((part, at) => (at === 0 ? [Buffer.from(part)] : [separator, Buffer.from(part)]))
  return Buffer.concat([...pieces, Buffer.from(format.lineSeparator)])
}

function headersText({ headers }: RawRecord, { headersSeparator, nullText }: RecordFormat): Buffer {
  const all = Object.entries(headers).flatMap(([name, values]) => [values].flat().map(value => [name, value] as const))
  if (all.length === 0) return Buffer.from('NO_HEADERS')
  return Buffer.concat(
    all.flatMap(([name, value], at) => [
      Buffer.from(`${at === 0 ? '' : headersSeparator}${name}:`),
      value === undefined || value === null ? Buffer.from(nullText) : Buffer.from(value),
    ]),
  )
}

function asJson({ partition, offset, timestamp, key, value, headers }: RawRecord): object {
  const time = new Date(timestamp)
  const texts = Object.entries(headers).map(([name, values]) => {
    const list = [values].flat().map(one => (one === undefined || one === null ? null : String(one)))
    return [name, list.length === 1 ? list[0] : list]
  })
  return {
    partition,
    offset,
    time: Number.isNaN(time.getTime()) ? `${timestamp} ms` : time.toISOString(),
    key: key?.toString('utf8') ?? null,
    value: value?.toString('utf8') ?? null,
    headers: Object.fromEntries(texts),
  }
}

/** Writes records in one go and waits until the reader of a pipe has taken them. */
export async function writeRecords(out: Writable, records: readonly RawRecord[], format: RecordFormat): Promise<void> {
  if (records.length === 0) return
  if (!out.write(Buffer.concat(records.map(record => formatRecord(record, format))))) await once(out, 'drain')
}
