import { gzipSync } from 'node:zlib'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { sampleCsv } from '../../../../lib/local/glue/crawl/csv.ts'
import { groupTables } from '../../../../lib/local/glue/crawl/group.ts'
import { compileGlob } from '../../../../lib/local/glue/crawl/glob.ts'
import { sampleJson, type JsonSample } from '../../../../lib/local/glue/crawl/json.ts'
import { sampleObject } from '../../../../lib/local/glue/crawl/sample.ts'
import { addFile, newFolder } from '../../../../lib/local/glue/crawl/tree.ts'
import { signature } from '../../../../lib/local/glue/crawl/types.ts'
import { seeded, type Random } from '../random.ts'

export function readJson(text: string): JsonSample | 'incomplete' | undefined {
  const steps = sampleJson(text)
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
  }
}

const described = (sample: JsonSample | 'incomplete' | undefined): string => {
  if (sample === undefined || sample === 'incomplete' || sample.type.kind !== 'struct') return String(sample)
  return signature([...sample.type.fields].map(([name, type]) => ({ name, type })))
}

function randomValue(random: Random, depth: number): unknown {
  const kind = random.below(depth > 3 ? 6 : 8)
  if (kind === 0) return random.below(2 ** 31)
  if (kind === 1) return random.below(2 ** 45) * 8
  if (kind === 2) return random.next() * 1000 + 0.5
  if (kind === 3) return random.pick([true, false, null])
  if (kind < 6) return random.pick(['', 'x', 'é\u2028"\\', '{"no": [json', '\u0001\t\n', '𝄞'.repeat(random.below(20))])
  if (kind === 6) return Array.from({ length: random.below(4) }, () => randomValue(random, depth + 1))
  return randomRecord(random, depth + 1)
}

function randomRecord(random: Random, depth: number): object {
  const names = ['a', 'B', 'c d', 'é', '"q"', '\\', '']
  return Object.fromEntries(Array.from({ length: 1 + random.below(5) }, () => [random.pick(names), randomValue(random, depth)]))
}

/** Records as NDJSON, behind one another and pretty-printed are the same; a cut never gives more than the whole, noise never throws. */
export function fuzzJson(seed: number, cases: number): void {
  const random = seeded(seed)
  for (let at = 0; at < cases; at += 1) {
    const records = Array.from({ length: 1 + random.below(4) }, () => randomRecord(random, 0))
    const lines = records.map(record => JSON.stringify(record))
    const expected = readJson(lines.join('\n')) as JsonSample
    expect(expected.records).toBe(records.length)
    const others = [
      lines.join(''),
      records.map(record => JSON.stringify(record, null, 2)).join(' '),
      `\ufeff${lines.join('\r\n')}\n`,
    ]
    for (const other of others) expect(described(readJson(other)), `seed ${seed}, case ${at}`).toBe(described(expected))
    const text = lines.join('\n')
    const cut = readJson(text.slice(0, random.below(text.length)))
    if (cut !== undefined && cut !== 'incomplete') expect(cut.records).toBeLessThanOrEqual(expected.records)
    const place = random.below(text.length)
    readJson(
      text.slice(0, place) +
        random.pick(['{', '}', '"', '\\', ',', '[', ']', '\n', '\0', 'e']) +
        text.slice(place + random.below(3)),
    )
  }
}

const quoted = (cell: string, delimiter: string, always: boolean): string =>
  always || cell.includes(delimiter) || /["\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell

/** The type a column of these cells has: double for any fraction among numbers. */
function columnType(cells: string[]): string {
  if (cells.some(cell => cell !== '' && !/^-?[\d.]+$/.test(cell)) || cells.every(cell => cell === '')) return 'string'
  return cells.some(cell => cell.includes('.')) ? 'double' : 'bigint'
}

function randomCell(random: Random, kind: string, delimiter: string): string {
  if (kind === 'text') return random.pick(['x', 'a "b"', 'c d', `e${delimiter}f`, 'g\nh', '2020-01-02', 'true'])
  if (kind === 'empty' || random.below(6) === 0) return ''
  return kind === 'number' && random.below(2) === 0
    ? `${random.below(1000)}.${1 + random.below(99)}`
    : String(random.below(1e9) - 5e8)
}

/** A table written as CSV is read with its names and types, whatever delimiter and quotes; noise never throws. */
export function fuzzCsv(seed: number, cases: number): void {
  const random = seeded(seed)
  for (let at = 0; at < cases; at += 1) {
    const delimiter = random.pick([',', '|', '\t', ';', '\u0001'])
    const kinds = [
      'text',
      ...Array.from({ length: 1 + random.below(4) }, () => random.pick(['integer', 'number', 'text', 'empty'])),
    ]
    const header = kinds.map((_, column) => `name ${column}`)
    const rows = Array.from({ length: 1 + random.below(6) }, () => kinds.map(kind => randomCell(random, kind, delimiter)))
    const types = header.map((_, column) => columnType(rows.map(row => row[column]!)))
    const hasHeader = types.some(type => type !== 'string')
    const end = random.pick(['\n', '\r\n'])
    const text = [header, ...rows]
      .map(row => row.map(value => quoted(value, delimiter, random.below(3) === 0)).join(delimiter))
      .join(end)
    const sample = sampleCsv(random.below(2) === 0 ? text : text + end, true)
    const label = `seed ${seed}, case ${at}: ${text}`
    expect(sample && [sample.delimiter, sample.hasHeader, sample.records], label).toEqual([
      delimiter,
      hasHeader,
      rows.length + (hasHeader ? 0 : 1),
    ])
    const names = hasHeader ? header : header.map((_, column) => `col${column}`)
    const found = sample!.columns.map(({ name, type }) => `${name} ${type.kind === 'scalar' ? type.name : type.kind}`)
    expect(found, label).toEqual(names.map((name, column) => `${name} ${types[column]}`))
    const place = random.below(text.length)
    sampleCsv(text.slice(0, place) + random.pick(['"', delimiter, '\n', '\0', '""']) + text.slice(place), random.below(2) === 0)
  }
}

/** Whatever bytes an object has, sampling it ends with an answer or an `Error`. */
export async function fuzzObjects(seed: number, cases: number, folder: string): Promise<void> {
  const random = seeded(seed)
  const starts = ['PAR1', '\x1f\x8b', 'PK\x03\x04', '\xff\x06\x00\x00sNaPpY', '\x04"M\x18', 'BZh9', '{', '[', 'a,b\n', '']
  for (let at = 0; at < cases; at += 1) {
    const noise = Buffer.from(Array.from({ length: random.below(300) }, () => random.below(256)))
    let bytes = Buffer.concat([Buffer.from(random.pick(starts), 'latin1'), noise, Buffer.from(random.pick(['', 'PAR1', '\n']))])
    if (random.below(4) === 0)
      bytes = Buffer.from(gzipSync(bytes).map(byte => (random.below(60) === 0 ? random.below(256) : byte)))
    const path = join(folder, 'object')
    writeFileSync(path, bytes)
    const object = { key: random.pick(['a', 'a.snappy', 'a.json.gz']), path, sizeBytes: bytes.length }
    try {
      const { shape } = await sampleObject(object, { classifiers: [], breathe: async () => {} })
      expect(['json', 'csv', 'parquet', 'UNKNOWN']).toContain(shape.classification)
    } catch (error) {
      expect(error, `seed ${seed}, case ${at}`).toBeInstanceOf(Error)
    }
  }
}

/** Every pattern compiles, and one without special characters matches itself alone. */
export function fuzzGlobs(seed: number, cases: number): void {
  const random = seeded(seed)
  for (let at = 0; at < cases; at += 1) {
    const pattern = Array.from({ length: random.below(12) }, () => random.pick([...'ab/.*?[]{},!^$()+|\\-', '**'])).join('')
    compileGlob(pattern)('a/b.json')
    const plain = pattern.replace(/[*?[\]{},\\]/g, '')
    expect([compileGlob(plain)(plain), compileGlob(plain)(`${plain}x`)], plain).toEqual([true, false])
  }
}

/** Whatever the folders, every file is in exactly one place of one table, and no table has a partition twice. */
export async function fuzzGroups(seed: number, cases: number): Promise<void> {
  const random = seeded(seed)
  const shapes = ['a', 'ab', 'abc', 'xyz', 'q', 'abcdef'].flatMap(letters =>
    ['json|none', 'json|gzip', 'csv|none'].map(compatibility => {
      const columns = [...letters].map(name => ({ name, type: { kind: 'scalar', name: 'int' } as const }))
      return { classification: compatibility.slice(0, 4), compression: 'none', columns, compatibility } as const
    }),
  )
  for (let at = 0; at < cases; at += 1) {
    const root = newFolder(random.pick(['', 'q/', 'deep/er/']))
    const usual = random.pick(shapes)
    const keys = new Set<string>()
    for (let count = 1 + random.below(25); count > 0; count -= 1) {
      const depth = random.below(4)
      const path = Array.from({ length: depth }, (_, level) =>
        random.pick([`k${level}=${random.below(4)}`, `k${level}=x`, `f${random.below(2)}`]),
      )
      keys.add(root.key + [...path, `o${random.below(8)}`].join('/'))
    }
    for (const key of [...keys].sort()) {
      addFile(root, {
        key,
        sizeBytes: 1,
        shape: random.below(3) === 0 ? random.pick(shapes) : usual,
        records: 1,
        averageRecordSize: 1,
      })
    }
    const tableLevel = random.pick([undefined, undefined, 1, 2, 3])
    const groups = await groupTables(root, { combine: random.below(3) === 0, tableLevel })
    const label = `seed ${seed}, case ${at}`
    const found = groups.flatMap(group => group.leaves.flatMap(leaf => leaf.files.map(file => file.key)))
    expect(found.sort(), label).toEqual([...keys].sort())
    for (const { key, keys: names, leaves } of groups) {
      expect(new Set(leaves.map(leaf => JSON.stringify(leaf.values))).size, label).toBe(leaves.length)
      for (const leaf of leaves) expect([leaf.values.length, leaf.key.startsWith(key)], label).toEqual([names.length, true])
    }
  }
}
