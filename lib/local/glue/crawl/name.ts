import { createHash } from 'node:crypto'

const longest = 128

/** The table's name for a location: the last folder's (or the object's, or the bucket's) in lower case, all but `[a-z0-9_]` as `_`, after the prefix. */
export function tableName(bucket: string, key: string, prefix = ''): string {
  const last = key.split('/').filter(Boolean).at(-1) ?? bucket
  return `${prefix}${last}`
    .toLowerCase()
    .replace(/[^a-z0-9_]/gu, '_')
    .slice(0, longest)
}

/** The name for a table whose own name is taken: with a hash of its location, so that the next crawl finds the same. */
export function suffixedName(name: string, location: string): string {
  const suffix = `_${createHash('md5').update(location).digest('hex')}`
  return name.slice(0, longest - suffix.length) + suffix
}
