import type { S3 } from '@aws-sdk/client-s3'
import { s3Client } from '../../lib/aws.ts'
import { parseObjectKey } from '../../lib/bucket.ts'
import type { Lab } from '../../lib/lab.ts'
import { prices } from '../aws/prices.ts'
import { cloudFailure } from './cloud.ts'
import { count, type Finding, fine, isWrong, skipped, some, wrong } from './finding.ts'
import { describeMixed, mixedFields } from './json.ts'
import { type ListedObject, type ObjectSample, sampleObject, spread } from './objects.ts'

/** What was seen of the bucket; the checks of catalog and queries go on from it. */
export interface BucketView {
  findings: Finding[]
  /** Of the lab's prefix; hidden names (`_…`, `.…`) and folder marks left out. Empty when the bucket cannot be read. */
  objects: ListedObject[]
  samples: ObjectSample[]
  /** True when the listing could be read to its end or to `mostObjects`. */
  isReadable: boolean
}

const mostObjects = 20_000
const mostSamples = 12

/** Fewer objects are never dear, and larger ones are no waste. */
const tiny = { objects: 10, meanBytes: 10_000 }
const getPerThousand = 0.0004

/** Looks at the bucket and what lies under the lab's prefix: names, shape, types, sizes. `hasRecords`: whether the topic has any; undefined: not known. */
export async function examineBucket(lab: Lab, hasRecords: boolean | undefined): Promise<BucketView> {
  const { bucket, prefix } = lab.config
  const nothing = { objects: [], samples: [], isReadable: false }
  try {
    const s3 = await s3Client(lab)
    const missing = await lookForBucket(s3, lab, hasRecords)
    if (missing) return { ...nothing, findings: [missing] }
    const { objects, odd, more } = await list(s3, bucket, prefix)
    if (objects.length === 0) return { ...nothing, isReadable: true, findings: [...odd, emptyPrefix(lab, hasRecords)] }
    const { samples, denied } = await readSamples(s3, bucket, objects)
    const checks = [
      ...odd,
      ...denied,
      ...lookAtNames(objects),
      ...lookAtResults(objects),
      ...lookAtSamples(samples),
      ...lookAtSizes(objects),
    ]
    const all = `s3://${bucket}/${prefix}: ${more ? 'more than ' : ''}${count(objects.length, 'object')}`
    return {
      objects,
      samples,
      isReadable: true,
      findings: checks.some(isWrong)
        ? checks
        : [fine(`${all}, ${samples.length} looked into: one JSON object a line`), ...checks],
    }
  } catch (error) {
    return { ...nothing, findings: [cloudFailure(`bucket ${bucket}`, error)] }
  }
}

async function lookForBucket(s3: S3, { config }: Lab, hasRecords: boolean | undefined): Promise<Finding | undefined> {
  try {
    await s3.headBucket({ Bucket: config.bucket })
    return undefined
  } catch (error) {
    const { name, $metadata } = error as { name: string; $metadata?: { httpStatusCode?: number } }
    if (name === 'NotFound' || name === 'NoSuchBucket') {
      if (hasRecords === false)
        return skipped(`bucket ${config.bucket}: there is none yet; the sink makes it when there are records`)
      return wrong(
        `there is no bucket ${config.bucket}`,
        'nothing was stored yet, or LAB_BUCKET is another name',
        'npx tickerlake sink makes it (on AWS: npx tickerlake aws up)',
      )
    }
    if ($metadata?.httpStatusCode === 301)
      return wrong(
        `bucket ${config.bucket} is in another region`,
        'AWS_REGION names not the one it was made in',
        `aws s3api get-bucket-location --bucket ${config.bucket}, then set AWS_REGION`,
      )
    if ($metadata?.httpStatusCode === 403) {
      return wrong(
        `bucket ${config.bucket}: 403 Forbidden`,
        'it belongs to somebody else (names are the only ones in the world), or this user has no right on it',
        'choose a name of your own (LAB_BUCKET), or use the keys of aws.env; the rights are in provisioning/policies/sink.json',
      )
    }
    throw error
  }
}

const emptyPrefix = ({ config: { bucket, prefix, topic } }: Lab, hasRecords: boolean | undefined): Finding =>
  hasRecords === false
    ? skipped(`s3://${bucket}/${prefix} is empty, and so is topic ${topic}`)
    : wrong(
        `s3://${bucket}/${prefix} is empty`,
        'no sink has stored anything there, or LAB_PREFIX is another folder: a crawl would be green and make 0 tables',
        'npx tickerlake sink',
      )

async function list(s3: S3, bucket: string, prefix: string): Promise<{ objects: ListedObject[]; odd: Finding[]; more: boolean }> {
  const objects: ListedObject[] = []
  let token: string | undefined
  do {
    const page = await s3.listObjectsV2({ Bucket: bucket, Prefix: prefix, ContinuationToken: token })
    for (const { Key = '', Size = 0, LastModified = new Date(0) } of page.Contents ?? []) {
      const isHidden = Key.slice(prefix.length)
        .split('/')
        .some(part => /^[_.]/.test(part))
      if (!Key.endsWith('/') && !isHidden) objects.push({ key: Key, sizeBytes: Size, modified: LastModified })
    }
    token = page.NextContinuationToken
  } while (token && objects.length < mostObjects)
  const file = prefix.replace(/\/$/, '')
  const { Contents = [] } = await s3.listObjectsV2({ Bucket: bucket, Prefix: file, MaxKeys: 1 })
  const slashes = objects.filter(({ key }) => key.includes('//')).map(({ key }) => key)
  return {
    objects,
    more: token !== undefined,
    odd: [
      ...(Contents[0]?.Key === file
        ? [
            wrong(
              `s3://${bucket}/${file} is an object, not a folder`,
              'something was stored under the name of the folder: a LOCATION that is a file gives zero rows',
              `aws s3 rm s3://${bucket}/${file}`,
            ),
          ]
        : []),
      ...(slashes.length
        ? [
            wrong(
              `names with a double slash: ${some(slashes)}`,
              'folder and name were joined with one slash too many: Athena finds nothing behind it',
              'mend the writer, and move these objects',
            ),
          ]
        : []),
    ],
  }
}

async function readSamples(
  s3: S3,
  bucket: string,
  objects: ListedObject[],
): Promise<{ samples: ObjectSample[]; denied: Finding[] }> {
  const filled = objects.filter(({ sizeBytes }) => sizeBytes > 0)
  const empty = objects.length - filled.length
  const oddities = empty
    ? [
        wrong(
          `${count(empty, 'object')} without a byte, such as ${objects.find(({ sizeBytes }) => sizeBytes === 0)!.key}`,
          'a writer that was stopped, or that stores before it has something',
          'delete them; write objects whole',
        ),
      ]
    : []
  try {
    return {
      samples: await Promise.all(spread(filled, mostSamples).map(object => sampleObject(s3, bucket, object))),
      denied: oddities,
    }
  } catch (error) {
    return { samples: [], denied: [...oddities, cloudFailure(`objects of s3://${bucket}/`, error)] }
  }
}

/** Names that a second run gives again, and names that do not tell what they cover. */
function lookAtNames(objects: ListedObject[]): Finding[] {
  const odd = objects.filter(({ key }) => !parseObjectKey(key) && !isResult(key)).map(({ key }) => key)
  if (odd.length === 0) return []
  const counted = odd.filter(key => /(^|[^0-9])\d{1,9}\.(json|csv|txt)(\.gz)?$/.test(key))
  if (counted.length) {
    return [
      wrong(
        `${count(counted.length, 'object')} named by a counter, such as ${counted[0]}`,
        'enumerate() begins at 0 with every run: a restart overwrites what is there, and the count does not grow',
        'name objects after topic, partition and first offset, as npx tickerlake sink does; store anew under another prefix',
      ),
    ]
  }
  return [
    wrong(
      `${count(odd.length, 'object')} whose names do not tell topic, partition and offset, such as ${odd[0]}`,
      'another writer: after a crash nobody knows what is stored, so records are lost or doubled',
      'let npx tickerlake sink write, and keep other things under another prefix',
    ),
  ]
}

const isResult = (key: string): boolean => /\.csv\.metadata$|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(\.csv|\.txt)$/.test(key)

function lookAtResults(objects: ListedObject[]): Finding[] {
  const results = objects.filter(({ key }) => isResult(key)).map(({ key }) => key)
  if (results.length === 0) return []
  return [
    wrong(
      `${count(results.length, 'query result')} under the crawled prefix, such as ${results[0]}`,
      'the result place lies where the data lie: the next crawl makes tables of them, and rows are query results',
      'set LAB_RESULTS (and the work group) to a prefix of its own, then delete these',
    ),
  ]
}

const shapes: Record<Exclude<ObjectSample['shape'], 'lines' | 'other'>, [what: string, cause: string]> = {
  array: ['a JSON array', 'a crawler makes one column "array" of it, and Athena reads lines'],
  pretty: [
    'JSON over several lines',
    'it crawls well, and then Athena ends with HIVE_CURSOR_ERROR: Row is not a valid JSON Object',
  ],
  texts: ['JSON texts instead of objects', 'the value was encoded twice before it was stored'],
  'run together': ['several JSON objects on one line', 'they were written without line ends: Athena takes one object a line'],
  broken: ['lines that are not JSON', 'a test message, another format, or an object cut off: Athena ends with HIVE_CURSOR_ERROR'],
}

function lookAtSamples(samples: ObjectSample[]): Finding[] {
  const bad = samples.filter(({ shape }) => shape !== 'lines' && shape !== 'other')
  const findings = [...Map.groupBy(bad, ({ shape }) => shape as keyof typeof shapes)].map(
    ([shape, [{ key, example }, ...more]]) =>
      wrong(
        `${shapes[shape][0]} in ${key}${more.length ? ` and ${more.length} more of ${samples.length} looked into` : ''}: ${example}`,
        shapes[shape][1],
        'write NDJSON: JSON.stringify(event) and a line end for each record, as npx tickerlake sink does',
      ),
  )
  const lines = samples.flatMap(sample => sample.lines)
  return [...findings, ...lookAtTypes(lines), ...lookAtTwins(lines), ...lookAtPacking(samples)]
}

function lookAtTypes(lines: ObjectSample['lines']): Finding[] {
  const mixed = mixedFields(lines)
  if (mixed.length === 0) return []
  return [
    wrong(
      some(mixed.map(describeMixed), 2),
      'a crawler gives the column one type, and Athena ends with HIVE_BAD_DATA at a value that does not fit it',
      'one type for each field: doubles always with a point (0.0), as npx tickerlake produce writes them; then store and crawl anew',
    ),
  ]
}

function lookAtTwins(lines: ObjectSample['lines']): Finding[] {
  for (const { place, types } of lines) {
    const names = new Map<string, string>()
    for (const field of types.keys()) {
      const twin = names.get(field.toLowerCase())
      if (twin)
        return [
          wrong(
            `${place}: fields ${twin} and ${field}`,
            'columns are lower case, so both are one: HIVE_INVALID_METADATA, duplicate columns',
            'rename one of them in the producer',
          ),
        ]
      names.set(field.toLowerCase(), field)
    }
  }
  return []
}

function lookAtPacking(samples: ObjectSample[]): Finding[] {
  const [packed, plain] = [true, false].map(isPacked =>
    samples.find(({ key }) => !isResult(key) && /\.gz$/.test(key) === isPacked),
  )
  if (!packed || !plain) return []
  return [
    wrong(
      `compressed and plain objects side by side: ${packed.key} and ${plain.key}`,
      'a crawler makes a table of each kind',
      'one kind of writer for each prefix',
    ),
  ]
}

/** Athena charges by bytes, S3 by requests: many small objects cost more to fetch than to ask. */
function lookAtSizes(objects: ListedObject[]): Finding[] {
  const bytes = objects.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const mean = Math.round(bytes / objects.length)
  if (objects.length < tiny.objects || mean >= tiny.meanBytes) return [fine(`${mean} bytes an object on average`)]
  const dollars = (thousand: number): string => `$${((objects.length / 1000) * thousand).toPrecision(2)}`
  return [
    wrong(
      `${objects.length} objects of ${mean} bytes on average`,
      `S3 charges each request: writing them ${dollars(prices.putPerThousand)}, every query that reads all ${dollars(getPerThousand)} beside Athena's $${prices.query}; and each one takes its time (prices of ${prices.date})`,
      'put many records into one object (npx tickerlake sink without --per-record; a larger --max-age-ms), or compact: CREATE TABLE … AS SELECT',
    ),
  ]
}
