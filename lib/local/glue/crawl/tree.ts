import type { Shape } from './sample.ts'

/** One crawled object. */
export interface FoundFile {
  key: string
  sizeBytes: number
  shape: Shape
  records: number
  averageRecordSize: number
}

/** A folder of the crawled path. `key` ends with `/`, or is empty for a bucket's root. */
export interface Folder {
  key: string
  /** The last part of the key, without the slash. */
  name: string
  files: FoundFile[]
  folders: Map<string, Folder>
}

/** An empty folder of this key (with `/` at the end, or empty for the bucket). */
export const newFolder = (key: string): Folder => ({
  key,
  name: key.split('/').at(-2) ?? '',
  files: [],
  folders: new Map(),
})

/** Puts a file into the folder its key names, making the folders between. */
export function addFile(root: Folder, file: FoundFile): void {
  let folder = root
  let start = root.key.length
  for (let slash = file.key.indexOf('/', start); slash !== -1; slash = file.key.indexOf('/', start)) {
    const name = file.key.slice(start, slash)
    let next = folder.folders.get(name)
    if (!next) {
      next = newFolder(file.key.slice(0, slash + 1))
      folder.folders.set(name, next)
    }
    folder = next
    start = slash + 1
  }
  folder.files.push(file)
}
