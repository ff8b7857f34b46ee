import { expect, test } from 'vitest'
import { fileName, hashedPath, readablePath } from '../../../lib/local/s3/keyPath.ts'
import { random } from './random.ts'

test.each([
  ['quotes/dt=2026-01-01/a b+é.json.gz', 'quotes/dt=2026-01-01/a b+é.json.gz'],
  ['fold/', 'fold/%_'],
  ['a//b', 'a/%_/b'],
  ['../../x', '%2E%2E/%2E%2E/x'],
  ['./x', '%2E/x'],
  ['x.', 'x%2E'],
  ['x ', 'x%20'],
  ['...', '..%2E'],
  ['100%', '100%25'],
  ['con/NUL.txt', '%63on/%4EUL.txt'],
  ['q?*:|<>"\\[a]{b}', 'q%3F%2A%3A%7C%3C%3E%22%5C%5Ba%5D%7Bb%7D'],
  ['a\u0000b\n', 'a%00b%0A'],
])('%j is the file %s', (key, path) => expect(readablePath(key)).toBe(path))

test('keys that are too long for a file system get a short name that keeps the extension', () => {
  expect(readablePath('n'.repeat(201))).toBeUndefined()
  expect(readablePath('é/'.repeat(500))).toBeUndefined()
  const long = `${'n'.repeat(1000)}.json.gz`
  expect(fileName(long).endsWith('.json.gz')).toBe(true)
  expect(hashedPath(long)).toMatch(/^%\/[0-9a-f]{40}-n*\.json\.gz$/)
  expect(Buffer.byteLength(hashedPath(long))).toBeLessThan(255)
})

test('no two of 20,000 awkward keys share a path, and none climbs', () => {
  const next = random(3)
  const pieces = ['.', '..', '/', '//', 'a', 'A', '%', '%2E', '%_', ' ', '\u0000', 'con', 'é', '\\', '*', '']
  const keys = new Set(
    Array.from({ length: 20_000 }, () => Array.from({ length: 1 + next(6) }, () => pieces[next(pieces.length)]).join('')),
  )
  keys.delete('')
  const paths = new Set([...keys].flatMap(key => [readablePath(key) as string, hashedPath(key)]))
  expect(paths.size).toBe(2 * keys.size)
  const climbs = (path: string): boolean =>
    path.startsWith('/') || path.split('/').some(segment => ['', '.', '..'].includes(segment))
  expect([...paths].filter(climbs)).toEqual([])
})
