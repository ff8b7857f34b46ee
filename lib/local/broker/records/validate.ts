import { KafkaError } from '../errors.ts'
import type { LogConfig } from '../log/config.ts'
import { headerBytes, isIntact, lengthPrefixBytes, magicAt, readHeader, sizeAt, type BatchHeader } from './batch.ts'
import { decompress } from './compression.ts'
import { recordsProblem } from './records.ts'

/** From here on a produce request carries exactly one batch of magic 2 for each partition. */
const oneBatchSince = 3
const zstdSince = 7

type Limits = Pick<
  LogConfig,
  'maxMessageBytes' | 'segmentBytes' | 'timestampBeforeMaxMs' | 'timestampAfterMaxMs' | 'logAppendTime'
>

/** The batches that a producer sent for one partition, as far as the version of its request tells. Throws the error Kafka answers. */
export function cutBatches(records: Buffer | null, version: number): Buffer[] {
  const batches = split(records ?? Buffer.alloc(0))
  if (version < oneBatchSince) return batches
  const [first, second] = batches
  const prefix = `Produce requests with version ${version}`
  if (!first) throw new KafkaError('INVALID_RECORD', `${prefix} must have at least one record batch per partition`)
  if (magicAt(first, 0) !== 2)
    throw new KafkaError('INVALID_RECORD', `${prefix} are only allowed to contain record batches with magic version 2`)
  if (version < zstdSince && (first[22]! & 7) === 4) {
    throw new KafkaError('UNSUPPORTED_COMPRESSION_TYPE', `${prefix} are not allowed to use ZStandard compression`)
  }
  if (second)
    throw new KafkaError('INVALID_RECORD', `${prefix} are only allowed to contain exactly one record batch per partition`)
  return batches
}

/** Checks headers and crc in Kafka's order. Throws the error Kafka answers. */
export function checkBatches(batches: Buffer[], limits: Limits): void {
  for (const batch of batches) checkBatch(batch, limits)
  const total = batches.reduce((sum, batch) => sum + batch.length, 0)
  if (total > limits.segmentBytes) {
    throw new KafkaError(
      'RECORD_LIST_TOO_LARGE',
      `Message batch size is ${total} bytes, the segment size is ${limits.segmentBytes}`,
    )
  }
}

/** Cuts a record set into batches; a last one that is not whole is left out, as Kafka does. */
function split(records: Buffer): Buffer[] {
  const batches: Buffer[] = []
  for (let at = 0; at + lengthPrefixBytes + 5 <= records.length;) {
    const sizeBytes = sizeAt(records, at)
    if (sizeBytes < lengthPrefixBytes + 14)
      throw new KafkaError('CORRUPT_MESSAGE', `Record size ${sizeBytes - lengthPrefixBytes} is too small`)
    if (at + sizeBytes > records.length) break
    const magic = magicAt(records, at)
    if (magic < 0 || magic > 2) throw new KafkaError('CORRUPT_MESSAGE', `Invalid magic found in record: ${magic}`)
    batches.push(records.subarray(at, at + sizeBytes))
    at += sizeBytes
  }
  return batches
}

function checkBatch(batch: Buffer, limits: Limits): void {
  if (magicAt(batch, 0) !== 2) {
    throw new KafkaError('UNSUPPORTED_FOR_MESSAGE_FORMAT', 'Message formats before v2 are not supported by this broker')
  }
  if (batch.length < headerBytes)
    throw new KafkaError('CORRUPT_MESSAGE', `Record batch is corrupt (the size ${batch.length} is too small)`)
  const header = readHeader(batch)
  if (header.baseOffset !== 0) {
    throw new KafkaError(
      'INVALID_RECORD',
      `The baseOffset of the record batch in the append should be 0, but it is ${header.baseOffset}`,
    )
  }
  if (batch.length > limits.maxMessageBytes) {
    const message = `The record batch size in the append is ${batch.length} bytes which exceeds the maximum configured value of ${limits.maxMessageBytes}.`
    throw new KafkaError('MESSAGE_TOO_LARGE', message)
  }
  if (!isIntact(batch, 0, batch.length)) throw new KafkaError('CORRUPT_MESSAGE', 'Record is corrupt')
  checkHeader(header)
}

function checkHeader(header: BatchHeader): void {
  const bad = (message: string): never => {
    throw new KafkaError('INVALID_RECORD', message)
  }
  if (header.lastOffsetDelta < 0) bad(`Batch has an invalid offset range: [0, ${header.lastOffsetDelta}]`)
  if (header.count <= 0) bad(`Invalid reported count for record batch: ${header.count}`)
  if (header.lastOffsetDelta + 1 !== header.count)
    bad(`Inconsistent batch offset range [0, ${header.lastOffsetDelta}] and count of records ${header.count}`)
  if (header.isControl) bad('Clients are not allowed to write control records')
  if (header.producerId >= 0 && header.baseSequence < 0)
    bad(`Invalid sequence number ${header.baseSequence} in record batch with producerId ${header.producerId}`)
}

/** Checks the records inside a batch: whole, as many as told, offsets without gaps. A promise when the batch has to be unpacked. */
export function validateRecords(batch: Buffer, limits: Limits): Promise<void> | undefined {
  const header = readHeader(batch)
  checkTimestamp(header, limits)
  const body = batch.subarray(headerBytes)
  if (header.compression === 0) {
    throwProblem(recordsProblem(header.count, body))
    return undefined
  }
  return unpack(header, body)
}

async function unpack(header: BatchHeader, body: Buffer): Promise<void> {
  let unpacked: Buffer
  try {
    unpacked = await decompress(header.compression, body)
  } catch (error) {
    // Kafka has no better code for it
    throw new KafkaError('UNKNOWN_SERVER_ERROR', `the batch cannot be unpacked: ${(error as Error).message}`)
  }
  throwProblem(recordsProblem(header.count, unpacked))
}

function throwProblem(problem: string | undefined): void {
  if (problem) throw new KafkaError('INVALID_RECORD', problem)
}

function checkTimestamp(header: BatchHeader, limits: Limits): void {
  if (limits.logAppendTime) return
  const now = Date.now()
  if (header.maxTimestamp - now > limits.timestampAfterMaxMs || now - header.baseTimestamp > limits.timestampBeforeMaxMs) {
    throw new KafkaError('INVALID_TIMESTAMP', `The timestamp ${header.maxTimestamp} is out of the range that the topic accepts`)
  }
}
