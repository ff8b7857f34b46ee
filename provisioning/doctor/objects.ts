import { constants, gunzipSync } from 'node:zlib'
import type { S3 } from '@aws-sdk/client-s3'
import { fieldTypes, type JsonType } from './json.ts'

/** An object as a listing has it. */
export interface ListedObject {
  key: string
  sizeBytes: number
  modified: Date
}

/** What the beginning of an object turned out to be. */
export interface ObjectSample {
  key: string
  /** `lines`: one JSON object a line, as Athena's JSON SerDe wants it. */
  shape: 'lines' | 'array' | 'pretty' | 'texts' | 'run together' | 'broken' | 'other'
  /** The text that shows it. */
  example: string
  /** Of each line that could be read: its place and its fields' types. */
  lines: { place: string; types: Map<string, JsonType> }[]
}

/** Bytes of an object that are looked at. */
const headBytes = 65_536
const mostLines = 200

/** Spreads a sample over a listing: the first, the last, and some between. */
export function spread<T>(items: readonly T[], most: number): T[] {
  if (items.length <= most) return [...items]
  return Array.from({ length: most }, (_, at) => items[Math.round((at * (items.length - 1)) / (most - 1))]!)
}

/** Reads the beginning of an object and says what it is. */
export async function sampleObject(s3: S3, bucket: string, { key, sizeBytes }: ListedObject): Promise<ObjectSample> {
  const { Body } = await s3.getObject({ Bucket: bucket, Key: key, Range: `bytes=0-${headBytes - 1}` })
  const bytes = Buffer.from((await Body?.transformToByteArray()) ?? [])
  const isWhole = sizeBytes <= headBytes
  const packed = bytes[0] === 0x1f && bytes[1] === 0x8b
  const opened = packed ? unpack(bytes) : bytes
  if (
    !opened ||
    opened.subarray(0, 4).toString('latin1') === 'PAR1' ||
    /\.(csv|tsv|parquet|orc|avro|metadata)(\.\w+)?$/.test(key)
  )
    return { key, shape: 'other', example: '', lines: [] }
  return { key, ...shapeOf(key, opened.toString('utf8'), isWhole) }
}

function unpack(bytes: Buffer): Buffer | undefined {
  try {
    return gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH })
  } catch {
    return undefined
  }
}

/** What a text is to a reader of lines; `isWhole` says that nothing of it was cut off. */
export function shapeOf(key: string, text: string, isWhole: boolean): Omit<ObjectSample, 'key'> {
  const all = text.split('\n')
  if (!isWhole) all.pop() // cut in the middle
  const numbered = all.map((line, at) => ({ line: line.trim(), number: at + 1 })).filter(({ line }) => line !== '')
  const lines: ObjectSample['lines'] = []
  const first = numbered[0]?.line ?? text.trim().slice(0, 80)
  for (const { line, number } of numbered.slice(0, mostLines)) {
    const value = parse(line)
    const example = `line ${number}: ${line.slice(0, 60)}`
    if (typeof value === 'string') return { shape: 'texts', example, lines }
    if (Array.isArray(value)) return { shape: 'array', example, lines }
    if (value === undefined || value === null || typeof value !== 'object') {
      if (number === numbered[0]!.number && /^\[/.test(first)) return { shape: 'array', example, lines }
      const isPretty = /^\{?$|^\{\s*"[^"]*"\s*:[^}]*$/.test(first) && number === numbered[0]!.number
      if (isPretty) return { shape: 'pretty', example, lines }
      return { shape: /\}\s*,?\s*\{/.test(line) ? 'run together' : 'broken', example, lines }
    }
    lines.push({ place: `${key}:${number}`, types: fieldTypes(line) })
  }
  return { shape: 'lines', example: first.slice(0, 60), lines }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
