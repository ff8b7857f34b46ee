import { statSync } from 'node:fs'
import { opendir } from 'node:fs/promises'
import { relative, sep } from 'node:path'
import { digestFile } from './bodies.ts'
import { keyOfPath } from './keyPath.ts'
import { isBucketName } from './names.ts'
import { afterKey, type VersionRow } from './objectIndex.ts'
import type { ObjectStore } from './objectStore.ts'

/** Operating systems write within half a minute or so; what is this much older than the last write was on the disk. */
const recentMs = 120_000
const pageSize = 200
const mostNamed = 10

type Log = (line: string) => void

/** Takes out the objects whose bodies are not what was put: by the sizes of all, and with `contents` by what those hold that were written last. Their
 *  files go to `_damaged/`. */
export async function takeOutDamaged(store: ObjectStore, { contents, log }: { contents: boolean; log: Log }): Promise<void> {
  let last = 0
  for (const row of allVersions(store)) last = Math.max(last, row.modifiedMs)
  const gone = await findWrong(store, row => contents && row.modifiedMs > last - recentMs)
  for (const { row, found } of gone) store.takeOut(row, found === undefined ? undefined : `_damaged/${row.path}`)
  if (gone.length === 0) return
  log(
    `s3: ${gone.length} bodies are not what was put; their objects were taken out, what there was is under _damaged: ${name(gone)}`,
  )
}

/** Makes the index follow the files where nothing else tells: bodies that are not what it says, or are not there, lose their entry, and every file
 *  under `objects/` without one becomes an object. Its type, metadata and tags are lost. */
export async function followFiles(store: ObjectStore, log: Log): Promise<void> {
  const gone = await findWrong(store, () => true)
  for (const { row } of gone) store.takeOut(row)
  const { adopted, left } = await adoptFiles(store)
  const missing = gone.filter(({ found }) => found === undefined)
  if (missing.length > 0) log(`s3: ${missing.length} objects have no body any more and were taken out: ${name(missing)}`)
  if (adopted > 0)
    log(`s3: ${adopted} files became objects under their names; their content types, metadata and tags are not known`)
  if (left.length > 0)
    log(`s3: ${left.length} files were left where they are, their names do not tell their keys: ${shorten(left)}`)
}

/** Answers how many became objects, and the paths of those that could not. */
async function adoptFiles(store: ObjectStore): Promise<{ adopted: number; left: string[] }> {
  const known = new Set<string>()
  for (const { path } of allVersions(store)) known.add(path)
  const left: string[] = []
  let adopted = 0
  for (const bucket of await bucketFolders(store)) {
    store.createBucket(bucket)
    for await (const paths of filesBelow(store, `${bucket}/objects`)) {
      const files: Adopted[] = []
      for (const path of paths.filter(path => !known.has(path))) {
        const key = keyOfPath(path.slice(`${bucket}/objects/`.length))
        if (key === undefined || store.objects.latest(bucket, key)) left.push(path)
        else files.push(await describe(store, bucket, key, path))
      }
      if (files.length > 0) store.adopt(files)
      adopted += files.length
    }
  }
  return { adopted, left }
}

interface Wrong {
  row: VersionRow
  /** Bytes that are there; undefined without a file. */
  found: number | undefined
}

async function findWrong(store: ObjectStore, isToRead: (row: VersionRow) => boolean): Promise<Wrong[]> {
  const wrong: Wrong[] = []
  for (const page of pages(store)) {
    for (const row of page) {
      const file = store.bodies.absolute(row.path)
      const found = statSync(file, { throwIfNoEntry: false })?.size
      if (found !== row.sizeBytes) wrong.push({ row, found })
      else if (isToRead(row) && !(await hasEtag(row, file))) wrong.push({ row, found })
    }
    await new Promise(done => setImmediate(done))
  }
  return wrong
}

/** The ETag of an object put in parts does not tell of its body. */
async function hasEtag({ etag }: VersionRow, file: string): Promise<boolean> {
  return etag.includes('-') || etag === `"${(await digestFile(file)).md5}"`
}

/** All bodies, some hundred at a time, so that no statement stays open while files are read. */
function* pages(store: ObjectStore): Generator<VersionRow[]> {
  for (const { name: bucket } of store.buckets.list()) {
    for (let from: string | undefined = ''; from !== undefined;) {
      const page: VersionRow[] = []
      for (const row of store.objects.scan(bucket, from, undefined, { all: true })) {
        if (page.length >= pageSize && page.at(-1)!.key !== row.key) break
        page.push(row)
      }
      from = page.length < pageSize ? undefined : afterKey(page.at(-1)!.key)
      yield page.filter(row => !row.marker)
    }
  }
}

function* allVersions(store: ObjectStore): Generator<VersionRow> {
  for (const page of pages(store)) yield* page
}

/** Of buckets that the index knows and of those that it lost. */
async function bucketFolders(store: ObjectStore): Promise<string[]> {
  const names: string[] = []
  for await (const entry of await opendir(store.bodies.dir)) {
    if (entry.isDirectory() && isBucketName(entry.name)) names.push(entry.name)
  }
  return names.sort()
}

/** Some hundred paths at a time. */
async function* filesBelow(store: ObjectStore, folder: string): AsyncGenerator<string[]> {
  const root = store.bodies.absolute(folder)
  if (!statSync(root, { throwIfNoEntry: false })?.isDirectory()) return
  let paths: string[] = []
  for await (const entry of await opendir(root, { recursive: true })) {
    const inside = relative(root, `${entry.parentPath}${sep}${entry.name}`)
    if (entry.isFile()) paths.push(`${folder}/${inside.split(sep).join('/')}`)
    if (paths.length < pageSize) continue
    yield paths
    paths = []
  }
  yield paths
}

type Adopted = Pick<VersionRow, 'bucket' | 'key' | 'path' | 'sizeBytes' | 'etag' | 'modifiedMs'>

async function describe(store: ObjectStore, bucket: string, key: string, path: string): Promise<Adopted> {
  const file = store.bodies.absolute(path)
  const { sizeBytes, md5 } = await digestFile(file)
  return { bucket, key, path, sizeBytes, etag: `"${md5}"`, modifiedMs: Math.floor(statSync(file).mtimeMs) }
}

const name = (wrong: Wrong[]): string =>
  shorten(wrong.map(({ row, found }) => `${row.bucket}/${row.key} (${found ?? 'none'} of ${row.sizeBytes} bytes)`))

function shorten(names: string[]): string {
  const rest = names.length - mostNamed
  return names.slice(0, mostNamed).join(', ') + (rest > 0 ? ` and ${rest} more` : '')
}
