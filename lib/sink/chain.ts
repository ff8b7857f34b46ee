import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { listObjects, objectKey, objectMetadata, parseObjectKey, putIfAbsent } from '../bucket.ts'
import type { CommittedOffset, KafkaRecord } from '../consumer/consumer.ts'
import { errorMessage, LabError } from '../errors.ts'
import type { Lab } from '../lab.ts'
import { decodeQuote, encodeQuote } from '../quote.ts'

const compress = promisify(gzip)

/** Where a sink writes, and on whose behalf. */
export interface ChainPlace {
  lab: Lab
  clusterId: string
  topic: string
  group: string
  bucket: string
  prefix: string
}

export interface BadRecord {
  record: KafkaRecord
  error: string
}

/** Where a partition's chain is taken up: from a boundary between two objects. */
export interface ChainStart {
  /** First offset to read. */
  offset: number
  /** The object that must begin there, when the bucket has one that covers the position. */
  expectedKey?: string
  /** The object before it, when that is known; the next commit carries its name. */
  lastKey: string
  /** First offsets of later objects, ascending: an object being filled must end before the next of them. */
  boundaries: number[]
}

/** Finds where to take up a partition. A committed offset with an object's name lies on a boundary. Any other position (nothing committed, offsets reset or
 *  expired) may lie inside an object, so the bucket is looked through once: then the chain is taken up where that object begins, and finds it there. */
export async function findStart(
  place: ChainPlace,
  partition: number,
  committed: CommittedOffset,
  logStart: number,
): Promise<ChainStart> {
  const { lab, topic, bucket, prefix } = place
  const position = committed.offset >= 0 ? committed.offset : logStart
  const last = parseObjectKey(committed.metadata)
  const isBoundary =
    committed.offset >= 0 && committed.metadata.startsWith(prefix) && last?.topic === topic && last.partition === partition
  if (isBoundary) return { offset: position, lastKey: committed.metadata, boundaries: [] }
  let covering: { offset: number; key: string } | undefined
  const boundaries: number[] = []
  for await (const { key } of listObjects(lab, { bucket, prefix })) {
    const start = parseObjectKey(key)
    if (start?.topic !== topic || start.partition !== partition) continue
    if (start.offset > position) boundaries.push(start.offset)
    else if (start.offset >= (covering?.offset ?? -1)) covering = { offset: start.offset, key }
  }
  boundaries.sort((a, b) => a - b)
  if (!covering) return { offset: position, lastKey: '', boundaries }
  const metadata = await objectMetadata(lab, bucket, covering.key)
  checkCluster(place, covering.key, metadata)
  const lastOffset = Number(metadata['last-offset'])
  if (!(lastOffset >= position)) return { offset: position, lastKey: '', boundaries }
  // Its first records are gone from the topic, so it cannot be met again: go on after it.
  if (covering.offset < logStart) return { offset: lastOffset + 1, lastKey: covering.key, boundaries }
  return { offset: covering.offset, expectedKey: covering.key, lastKey: '', boundaries }
}

/** The chain of objects of one partition: each covers consecutive offsets, the next begins with the first valid record after. Writers that meet follow the
 *  one who was first, because every write is conditional. */
export class Chain {
  readonly partition: number
  records = 0
  objects = 0
  bytes = 0
  /** Records that were in the bucket already. */
  alreadyStored = 0
  /** When the oldest record that waits came, by `performance.now()`. */
  waitingSince = Infinity
  /** What the group's committed offset is, as far as this chain knows. */
  committed: number
  readonly #place: ChainPlace
  readonly #start: ChainStart
  #expectedKey: string | undefined
  #lines: string[] = []
  #offsets: number[] = []
  #timestamps: number[] = []
  #sizeBytes = 0
  #bad: BadRecord[] = []
  /** Everything before is stored, waiting here, or another writer's. */
  #next: number
  #lastKey: string

  constructor(place: ChainPlace, partition: number, start: ChainStart, committed: number) {
    this.#place = place
    this.partition = partition
    this.#start = start
    this.#expectedKey = start.expectedKey
    this.#lastKey = start.lastKey
    this.#next = start.offset
    this.committed = committed
  }

  /** Next offset to look at. */
  get next(): number {
    return this.#next
  }

  /** Name of the object that ends before `next`, for the commit. An empty text where there is none, and as long as objects lie ahead: whoever takes
   *  up the chain in a hole must look through the bucket for the one it ends at. */
  get lastKey(): string {
    return this.#start.boundaries.length > 0 ? '' : this.#lastKey
  }

  /** Records that wait for being stored, or for the dead-letter topic. */
  get waiting(): number {
    return this.#lines.length + this.#bad.length
  }

  /** True when so much waits that it should be stored. */
  isFull({ maxRecords, maxBytes }: { maxRecords: number; maxBytes: number }): boolean {
    return this.#lines.length >= maxRecords || this.#bad.length >= maxRecords || this.#sizeBytes >= maxBytes
  }

  /** True when the record begins another object of the bucket, so what waits must be stored before it is added. */
  endsBefore(record: KafkaRecord): boolean {
    const [boundary] = this.#start.boundaries
    if (boundary === undefined || record.offset < boundary) return false
    if (this.#lines.length > 0) return true
    this.#start.boundaries.shift()
    return false
  }

  /** Takes a record; answers whether it is new to this chain. */
  add(record: KafkaRecord): boolean {
    if (record.offset < this.#next) return false
    this.#next = record.offset + 1
    try {
      checkTimestamp(record.timestamp)
      const line = encodeQuote(decodeQuote(record.value))
      this.#lines.push(line)
      this.#offsets.push(record.offset)
      this.#timestamps.push(record.timestamp)
      this.#sizeBytes += line.length + 1
    } catch (error) {
      this.#bad.push({ record, error: errorMessage(error) })
      this.#sizeBytes += record.value?.length ?? 0
    }
    if (this.waitingSince === Infinity) this.waitingSince = performance.now()
    return true
  }

  /** Stores what waits, after `sendBad` has the bad records safe; everything before `next` may be committed then. */
  async flush(sendBad: (bad: BadRecord[]) => Promise<void>): Promise<void> {
    if (this.#bad.length > 0) await sendBad(this.#bad)
    this.#bad = []
    while (this.#lines.length > 0) await this.#store()
    this.#sizeBytes = 0
    this.waitingSince = Infinity
  }

  async #store(): Promise<void> {
    const { lab, clusterId, topic, bucket, prefix } = this.#place
    const [offset] = this.#offsets
    const [timestamp] = this.#timestamps
    const key = objectKey(prefix, { topic, partition: this.partition, offset }, timestamp)
    if (this.#expectedKey !== undefined && this.#expectedKey !== key)
      throw replaced(this.#place, this.#expectedKey, `its first record would now be ${key}`)
    this.#expectedKey = undefined
    const body = await compress(`${this.#lines.join('\n')}\n`)
    const answer = await putIfAbsent(lab, bucket, key, body, {
      'cluster-id': clusterId,
      'first-time': new Date(timestamp).toISOString(),
      'last-offset': String(this.#next - 1),
      records: String(this.#lines.length),
    })
    this.#lastKey = key
    if (answer.stored) {
      this.records += this.#lines.length
      this.objects++
      this.bytes += body.length
      this.#drop(this.#lines.length)
    } else this.#follow(key, timestamp, answer.metadata)
  }

  /** Another writer was first: go on after its object. */
  #follow(key: string, timestamp: number, metadata: Record<string, string>): void {
    checkCluster(this.#place, key, metadata)
    const firstTime = new Date(timestamp).toISOString()
    if (metadata['first-time'] !== firstTime)
      throw replaced(
        this.#place,
        key,
        `its first record is of ${metadata['first-time'] ?? 'an unknown time'}, that of the topic of ${firstTime}`,
      )
    const last = Number(metadata['last-offset'])
    if (!(last >= this.#offsets[0]))
      throw replaced(this.#place, key, `its metadata last-offset is ${metadata['last-offset'] ?? 'missing'}`)
    const covered = this.#offsets.findIndex(offset => offset > last)
    const count = covered < 0 ? this.#offsets.length : covered
    this.alreadyStored += count
    this.#next = Math.max(this.#next, last + 1)
    this.#drop(count)
  }

  #drop(count: number): void {
    this.#lines = this.#lines.slice(count)
    this.#offsets = this.#offsets.slice(count)
    this.#timestamps = this.#timestamps.slice(count)
  }
}

/** A record's own time names its folder, so it must be a day that can be written with four digits. */
function checkTimestamp(timestamp: number): void {
  if (!(Math.abs(timestamp) < 253_402_300_800_000 && timestamp > -62_167_219_200_000)) {
    throw new LabError('BAD_EVENT', `the record's time is not in the years 0 to 9999: ${timestamp} ms`)
  }
}

function checkCluster(place: ChainPlace, key: string, metadata: Record<string, string>): void {
  const found = metadata['cluster-id']
  if (found !== place.clusterId)
    throw replaced(place, key, `it was written from cluster ${found ?? 'unknown'}, this is ${place.clusterId}`)
}

function replaced({ topic, group, bucket, prefix }: ChainPlace, key: string, problem: string): LabError {
  return new LabError(
    'TOPIC_REPLACED',
    `s3://${bucket}/${key}: holds records of another topic ${topic} than the one read now: ${problem}. ` +
      `If the old records are not needed, empty s3://${bucket}/${prefix} and run: npx tickerlake groups reset ${group} ${topic} earliest. ` +
      'If they are, sink to another prefix with another group (LAB_PREFIX, LAB_GROUP).',
  )
}
