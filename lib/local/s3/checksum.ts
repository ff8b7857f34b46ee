import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { Crc32c, Crc64Nvme } from '@aws-sdk/checksums/crc'

export const checksumAlgorithms = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const
export type ChecksumAlgorithm = (typeof checksumAlgorithms)[number]

/** As S3 stores it: base64 of the big-endian bytes; COMPOSITE ones end in `-<number of parts>`. */
export interface Checksum {
  algorithm: ChecksumAlgorithm
  value: string
  type: 'FULL_OBJECT' | 'COMPOSITE'
}

const digestBytes: Record<ChecksumAlgorithm, number> = { CRC32: 4, CRC32C: 4, CRC64NVME: 8, SHA1: 20, SHA256: 32 }

/** `x-amz-checksum-crc32` and its siblings. */
export const checksumHeader = (algorithm: ChecksumAlgorithm): string => `x-amz-checksum-${algorithm.toLowerCase()}`

export function parseAlgorithm(name: string): ChecksumAlgorithm | undefined {
  return checksumAlgorithms.find(algorithm => algorithm === name.toUpperCase())
}

/** Whether `value` is base64 of the algorithm's length; a composite one may end in `-<parts>`. */
export function isChecksumValue(algorithm: ChecksumAlgorithm, value: string): boolean {
  const bytes = Buffer.from(value, 'base64')
  return bytes.length === digestBytes[algorithm] && bytes.toString('base64') === value
}

/** A running checksum. */
export interface Hasher {
  update(bytes: Uint8Array): void
  /** Base64 of the big-endian bytes. */
  digest(): Promise<string>
}

export function createHasher(algorithm: ChecksumAlgorithm): Hasher {
  if (algorithm === 'CRC32') return crc32Hasher()
  if (algorithm === 'SHA1' || algorithm === 'SHA256') {
    const hash = createHash(algorithm.toLowerCase())
    return { update: bytes => void hash.update(bytes), digest: async () => hash.digest('base64') }
  }
  const crc = algorithm === 'CRC32C' ? new Crc32c() : new Crc64Nvme()
  return { update: bytes => crc.update(bytes), digest: async () => Buffer.from(await crc.digest()).toString('base64') }
}

function crc32Hasher(): Hasher {
  let value = 0
  return {
    update(bytes) {
      value = crc32(bytes, value)
    },
    async digest() {
      const bytes = Buffer.alloc(4)
      bytes.writeUInt32BE(value)
      return bytes.toString('base64')
    },
  }
}

/** The checksum of checksums of a multipart object: the algorithm over the parts' raw values, then `-<parts>`. */
export async function compositeChecksum(algorithm: ChecksumAlgorithm, parts: string[]): Promise<Checksum> {
  const hasher = createHasher(algorithm)
  for (const part of parts) hasher.update(Buffer.from(part, 'base64'))
  return { algorithm, value: `${await hasher.digest()}-${parts.length}`, type: 'COMPOSITE' }
}
