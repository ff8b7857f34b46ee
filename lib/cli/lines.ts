import { LabError } from '../errors.ts'
import type { RawMessage } from '../producer.ts'

/** How a line becomes a message; the words in brackets are Kafka's properties for it. */
export interface LineFormat {
  /** Where the lines come from, for messages. */
  source: string
  /** What stands between key and value (parse.key, key.separator); without it the line is the value. */
  keySeparator?: string
  /** Headers stand first (parse.headers): what ends them (headers.delimiter), what separates two (headers.separator) and name from value
   *  (headers.key.separator). */
  headers?: { delimiter: string; separator: string; keySeparator: string }
  /** A key or value that is this text is null (null.marker). */
  nullMarker?: string
  /** A line that lacks a separator is sent whole as value (ignore.error) instead of ending the run. */
  ignoreErrors: boolean
  /** For every message. */
  key?: string
  fixedHeaders: Record<string, string>
  partition?: number
}

/** Splits bytes into lines without their ends (`\n`, `\r\n`); the bytes of a line stay as they are, text or not. */
export async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const parts: Buffer[] = []
  const line = (end: Buffer): Buffer => {
    const whole = parts.length > 0 ? Buffer.concat([...parts, end]) : end
    parts.length = 0
    return whole.at(-1) === 0x0d ? whole.subarray(0, -1) : whole
  }
  for await (const chunk of chunks) {
    let start = 0
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, start)) {
      yield line(chunk.subarray(start, end))
      start = end + 1
    }
    if (start < chunk.length) parts.push(chunk.subarray(start))
  }
  if (parts.length > 0) yield line(Buffer.alloc(0))
}

/** Makes messages of lines. Throws `LabError` BAD_LINE with the line's number. */
export async function* parseLines(lines: AsyncIterable<Buffer>, format: LineFormat): AsyncGenerator<RawMessage> {
  let number = 0
  for await (const line of lines) yield parseLine(line, ++number, format)
}

function parseLine(line: Buffer, number: number, format: LineFormat): RawMessage {
  const { headers: style, keySeparator, ignoreErrors, fixedHeaders, partition } = format
  let rest = line
  let headers: Record<string, string | (string | Buffer)[]> = { ...fixedHeaders }
  const lacks = (what: string, separator: string): LabError =>
    new LabError(
      'BAD_LINE',
      `${format.source} line ${number}: no ${what} ${JSON.stringify(separator)} in ${JSON.stringify(line.toString('utf8').slice(0, 60))}. Correct the line, or say --ignore-errors.`,
    )
  const whole = { value: orNull(line, format), headers, partition, key: format.key ?? null }
  if (style) {
    const at = rest.indexOf(style.delimiter)
    if (at < 0 && !ignoreErrors) throw lacks('end of the headers', style.delimiter)
    if (at < 0) return whole
    for (const header of rest.subarray(0, at).toString('utf8').split(style.separator)) {
      if (header === '' || header === format.nullMarker) continue
      const middle = header.indexOf(style.keySeparator)
      if (middle < 0 && !ignoreErrors) throw lacks('separator of header name and value', style.keySeparator)
      if (middle < 0) continue
      const name = header.slice(0, middle)
      headers[name] = [...[headers[name] ?? []].flat(), header.slice(middle + style.keySeparator.length)]
    }
    rest = rest.subarray(at + Buffer.byteLength(style.delimiter))
  }
  if (keySeparator === undefined) return { ...whole, headers, value: orNull(rest, format) }
  const at = rest.indexOf(keySeparator)
  if (at < 0 && !ignoreErrors) throw lacks('key separator', keySeparator)
  if (at < 0) return { ...whole, headers, value: orNull(rest, format) }
  const value = rest.subarray(at + Buffer.byteLength(keySeparator))
  return { key: orNull(rest.subarray(0, at), format), value: orNull(value, format), headers, partition }
}

const orNull = (bytes: Buffer, { nullMarker }: LineFormat): Buffer | null =>
  nullMarker !== undefined && bytes.equals(Buffer.from(nullMarker)) ? null : bytes

/** Kafka's own property names for the console producer. */
const producerProperties = [
  'parse.key',
  'key.separator',
  'parse.headers',
  'headers.delimiter',
  'headers.separator',
  'headers.key.separator',
  'null.marker',
  'ignore.error',
]

/** Reads `--property` (Kafka's names) into the parts of a format. Throws `LabError` OPTION for a name that the console producer has not. */
export function formatOfProperties(properties: Record<string, string>): Partial<LineFormat> {
  checkProperties(properties, producerProperties)
  const isOn = (name: string): boolean => properties[name]?.toLowerCase() === 'true'
  return {
    ...(isOn('parse.key') && { keySeparator: properties['key.separator'] ?? '\t' }),
    ...(isOn('parse.headers') && {
      headers: {
        delimiter: properties['headers.delimiter'] ?? '\t',
        separator: properties['headers.separator'] ?? ',',
        keySeparator: properties['headers.key.separator'] ?? ':',
      },
    }),
    ...(properties['null.marker'] !== undefined && { nullMarker: properties['null.marker'] }),
    ...(isOn('ignore.error') && { ignoreErrors: true }),
  }
}

/** Throws `LabError` OPTION for a property nobody knows: a typing error would otherwise do nothing, silently. */
export function checkProperties(properties: Record<string, string>, known: readonly string[]): void {
  for (const name of Object.keys(properties))
    if (!known.includes(name)) throw new LabError('OPTION', `--property ${name}: unknown. Known are ${known.join(', ')}.`)
}
