import type { Classifier } from '@aws-sdk/client-glue'
import type { Storage, StoredObject } from '../../s3/storage.ts'
import { breathing } from './breathing.ts'
import type { CrawlLog } from './log.ts'
import { sampleObject, unknown, type ObjectSample, type Shape } from './sample.ts'
import type { CrawlTarget } from './target.ts'
import { addFile, newFolder, type Folder, type FoundFile } from './tree.ts'
import { signature } from './types.ts'

/** What a scan found: the folders, or the one object that the include path names. */
export type Scanned = { folder: Folder; object?: undefined } | { object: FoundFile; folder?: undefined }

/** How an include path is read. */
export interface ScanOptions {
  classifiers: Classifier[]
  log: CrawlLog
  signal: AbortSignal
  /** Folders (`s3://bucket/folder/`) that are not to be read again. */
  known?: ReadonlySet<string>
}

/** Reads the objects of an include path, one after the other, and lets others run in between. */
export async function scanTarget(storage: Storage, target: CrawlTarget, options: ScanOptions): Promise<Scanned> {
  const { signal, known } = options
  const breathe = breathing()
  const fresh = (key: string): Promise<StoredObject | undefined> => storage.head(target.bucket, key)
  const scanning = { ...options, breathe, fresh, share: sharedShapes() }
  const single = target.objectKey ? await storage.head(target.bucket, target.objectKey) : undefined
  const object = single && (await readObject(single, scanning))
  if (object) return { object }
  const folder = newFolder(target.prefix)
  const samples = new Map<string, { read: number; last: FoundFile }>()
  for await (const object of storage.list(target.bucket, target.prefix)) {
    signal.throwIfAborted()
    if (object.sizeBytes === 0 || target.isExcluded(object.key)) continue
    const folderKey = object.key.slice(0, object.key.lastIndexOf('/') + 1)
    if (known?.has(`s3://${target.bucket}/${folderKey}`)) continue
    const sampled = samples.get(folderKey)
    const isEnough = sampled && target.sampleSize !== undefined && sampled.read >= target.sampleSize
    const file = isEnough ? likeLast(object, sampled.last) : await readObject(object, scanning)
    if (!file) continue
    if (target.sampleSize !== undefined) samples.set(folderKey, { read: (sampled?.read ?? 0) + 1, last: file })
    addFile(folder, file)
    await breathe()
  }
  return { folder }
}

interface Scanning extends ScanOptions {
  breathe: () => Promise<void>
  share: (shape: Shape) => Shape
  /** The object as it is now. */
  fresh: (key: string) => Promise<StoredObject | undefined>
}

/** `undefined` for an object that was deleted after it was listed; one that was overwritten is read as it is now. */
async function readObject(object: StoredObject, scanning: Scanning): Promise<FoundFile | undefined> {
  try {
    return found(object, await sampleObject(object, scanning), scanning)
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') {
      const fresh = await scanning.fresh(object.key)
      return fresh && fresh.path !== object.path ? readObject(fresh, scanning) : undefined
    }
    scanning.log.warn(`Object ${object.key} could not be read, it is classified as UNKNOWN: ${(error as Error).message}`)
    return found(object, unknown(), scanning)
  }
}

function found(
  { key, sizeBytes }: StoredObject,
  { shape, records, averageRecordSize }: ObjectSample,
  { share }: Scanning,
): FoundFile {
  return { key, sizeBytes, shape: share(shape), records, averageRecordSize }
}

/** A file beyond `SampleSize`: taken to be like the one before it. */
function likeLast({ key, sizeBytes }: StoredObject, { shape, averageRecordSize }: FoundFile): FoundFile {
  return {
    key,
    sizeBytes,
    shape,
    averageRecordSize,
    records: averageRecordSize === 0 ? 0 : Math.round(sizeBytes / averageRecordSize),
  }
}

/** Thousands of objects have a handful of shapes: each is kept once. */
function sharedShapes(): (shape: Shape) => Shape {
  const known = new Map<string, Shape>()
  return shape => {
    const key = `${shape.compatibility}|${shape.csv?.hasHeader}|${signature(shape.columns)}`
    const first = known.get(key)
    if (first) return first
    known.set(key, shape)
    return shape
  }
}
