import { s3Error } from './errors.ts'

const reservedPrefixes = ['xn--', 'sthree-', 'amzn-s3-demo-']
const reservedSuffixes = ['-s3alias', '--ol-s3', '.mrap', '--x-s3', '--table-s3']

/** S3's rules for general purpose buckets ("Bucket naming rules"). */
export function isBucketName(name: string): boolean {
  const wellFormed = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) && !name.includes('..') && !/^\d+\.\d+\.\d+\.\d+$/.test(name)
  const reserved =
    reservedPrefixes.some(prefix => name.startsWith(prefix)) || reservedSuffixes.some(suffix => name.endsWith(suffix))
  return wellFormed && !reserved
}

/** Fails with InvalidBucketName. */
export function checkBucketName(name: string): void {
  if (!isBucketName(name)) throw s3Error('InvalidBucketName', { BucketName: name })
}

const maxKeyBytes = 1024

/** A key is any UTF-8 of up to 1,024 bytes: KeyTooLongError. */
export function checkKey(key: string): void {
  const size = Buffer.byteLength(key)
  if (size > maxKeyBytes) throw s3Error('KeyTooLongError', { Size: String(size), MaxSizeAllowed: String(maxKeyBytes) })
}
