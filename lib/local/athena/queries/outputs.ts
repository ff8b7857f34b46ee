import type { Storage } from '../../s3/storage.ts'
import { parseS3 } from '../reading/files.ts'
import { encodeMetadata, type ResultMetadata } from './metadata-file.ts'

/** Where a query's result goes: `base` is the result object without its ending. */
export interface ResultPlace {
  storage: Storage
  bucket: string
  /** Key of the result object, such as `results/ID.csv`. */
  key: string
}

export function resultPlace(storage: Storage, outputLocation: string): ResultPlace {
  const { bucket, key } = parseS3(outputLocation)!
  return { storage, bucket, key }
}

/** Results of literals alone and of most DDL are `binary/octet-stream` on AWS, all others `application/octet-stream`. */
export const BINARY = 'binary/octet-stream'
export const APPLICATION = 'application/octet-stream'

export async function putResult(
  { storage, bucket, key }: ResultPlace,
  body: string | Buffer,
  contentType: string,
): Promise<void> {
  await storage.put(bucket, key, Buffer.from(body), { contentType })
}

export async function putMetadata(
  { storage, bucket, key }: ResultPlace,
  metadata: ResultMetadata,
  contentType: string,
): Promise<void> {
  await storage.put(bucket, `${key}.metadata`, encodeMetadata(metadata), { contentType })
}

/** The list of the objects that a CTAS, INSERT or UNLOAD wrote; answers with its place. */
export async function putManifest({ storage, bucket, key }: ResultPlace, written: string[]): Promise<string> {
  const manifest = `${key.replace(/\.csv$/, '')}-manifest.csv`
  await storage.put(bucket, manifest, Buffer.from(written.map(path => `${path}\n`).join('')), { contentType: APPLICATION })
  return `s3://${bucket}/${manifest}`
}

let count = 0

/** An id of the query engine's own, in Trino's form: `20260917_085344_00007_k6s5b`. */
export function engineId(now: Date): string {
  const digits = now.toISOString().replace(/\D/g, '')
  const sequence = String(++count % 100_000).padStart(5, '0')
  const tail = Array.from({ length: 5 }, () => 'abcdefghijkmnpqrstuvwxyz23456789'[Math.floor(Math.random() * 32)]).join('')
  return `${digits.slice(0, 8)}_${digits.slice(8, 14)}_${sequence}_${tail}`
}
