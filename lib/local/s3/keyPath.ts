import { createHash } from 'node:crypto'

const longestSegmentBytes = 200
const longestPathBytes = 600
const reservedOnWindows = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i

/** The file of a key below `objects/`, readable for ordinary keys. Undefined when the key has no such name (too long for a file
 *  system): then `hashedPath` serves. Every segment is one real file name, so no key can climb out of its folder. */
export function readablePath(key: string): string | undefined {
  const segments = key.split('/').map(escapeSegment)
  const path = segments.join('/')
  if (Buffer.byteLength(path) > longestPathBytes) return undefined
  if (segments.some(segment => Buffer.byteLength(segment) > longestSegmentBytes)) return undefined
  return path
}

/** The key whose readable path this is; undefined for a hashed path and for names that no key has. */
export function keyOfPath(path: string): string | undefined {
  const segments = path.split('/').map(segment => (segment === '%_' ? '' : segment.replace(/%([0-9A-F]{2})/g, unescape)))
  const key = segments.join('/')
  return readablePath(key) === path ? key : undefined
}

const unescape = (_: string, hex: string): string => String.fromCharCode(parseInt(hex, 16))

/** A name that no other key has, on any disk: for keys that are too long, or whose readable name is taken by another key (`a` beside
 *  `a/b`, `Case` beside `case` where the disk cannot tell). `%` alone is never a readable segment, so the two kinds cannot meet. */
export function hashedPath(key: string): string {
  return `%/${createHash('sha256').update(key).digest('hex').slice(0, 40)}-${fileName(key)}`
}

/** The last segment of a key as a short file name that keeps its extension: readers judge by `.json.gz` or `.parquet`. */
export function fileName(key: string): string {
  const leaf = escapeSegment(key.slice(key.lastIndexOf('/') + 1))
  if (Buffer.byteLength(leaf) <= longestSegmentBytes) return leaf
  const plain = leaf.replace(/[^A-Za-z0-9._-]/g, '')
  return plain.slice(-60).replace(/^\.+/, '')
}

/** Percent-escapes what some file system would refuse, resolve or fold: empty, `.`, `..`, blanks and dots at the end, control
 *  characters, `<>:"\|?*[]{}` (the last ones are patterns to DuckDB), device names. `%` itself is always escaped, so two keys never share a name. */
function escapeSegment(segment: string): string {
  if (segment === '') return '%_'
  const escaped = segment
    .replace(/[%<>:"\\|?*[\]{}\u0000-\u001f\u007f]/g, percent)
    .replace(/^\.{1,2}$/, dots => dots.replace(/\./g, percent))
    .replace(/[. ]$/, percent)
  return reservedOnWindows.test(escaped) ? percent(escaped[0] as string) + escaped.slice(1) : escaped
}

function percent(character: string): string {
  return '%' + character.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()
}
