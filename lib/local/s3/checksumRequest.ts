import type { S3Call } from './call.ts'
import { checksumAlgorithms, parseAlgorithm, type ChecksumAlgorithm } from './checksum.ts'
import { s3Error } from './errors.ts'

/** What S3 computes when the client names no algorithm. */
export const defaultAlgorithm: ChecksumAlgorithm = 'CRC64NVME'

/** `x-amz-checksum-algorithm` of a copy or a multipart upload. */
export function readAlgorithm(call: S3Call): ChecksumAlgorithm | undefined {
  const name = call.header('x-amz-checksum-algorithm')
  return name === undefined ? undefined : knownAlgorithm(name)
}

/** Fails with InvalidRequest for an algorithm that is not here. */
export function knownAlgorithm(name: string): ChecksumAlgorithm {
  const algorithm = parseAlgorithm(name)
  if (algorithm) return algorithm
  const valid = checksumAlgorithms.join(', ')
  throw s3Error(
    'InvalidRequest',
    {},
    `Checksum algorithm provided is unsupported. Please try again with any of the valid types: [${valid}]`,
  )
}
