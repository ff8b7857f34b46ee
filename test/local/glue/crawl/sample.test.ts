import { randomBytes } from 'node:crypto'
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { sampleJson } from '../../../../lib/local/glue/crawl/json.ts'
import { sampleObject, type ObjectSample } from '../../../../lib/local/glue/crawl/sample.ts'
import { hiveType } from '../../../../lib/local/glue/crawl/types.ts'
import { temporaryFolder } from '../../../helpers/folder.ts'

const megabyte = 1024 * 1024

async function sample(content: string | Uint8Array, key = 'object'): Promise<ObjectSample & { types: string[] }> {
  const path = join(temporaryFolder(), 'object')
  writeFileSync(path, content)
  const found = await sampleObject(
    { key, path, sizeBytes: Buffer.byteLength(content) },
    { classifiers: [], breathe: async () => {} },
  )
  return { ...found, types: found.shape.columns.map(column => `${column.name} ${hiveType(column.type)}`) }
}

// The sampling of re:Post, "How does the AWS Glue crawler detect the schema?".
test('JSON: what comes after the first megabyte does not count', async () => {
  const line = `{"a":1,"text":"${'x'.repeat(1000)}"}\n`
  const { types, records, averageRecordSize } = await sample(line.repeat(1100) + '{"a":1.5,"b":true}\n')
  expect(types).toEqual(['a int', 'text string'])
  expect(averageRecordSize).toBeCloseTo(line.length, -1)
  expect(records).toBeGreaterThan(1095)
  expect(records).toBeLessThan(1105)
})

test('JSON: without a whole record in the first megabyte it reads on', async () => {
  const { types, records } = await sample(`{"a":1,"text":"${'x'.repeat(2.5 * megabyte)}","z":[1.5]}`)
  expect(types).toEqual(['a int', 'text string', 'z array<double>'])
  expect(records).toBe(1)
})

test('JSON: but not beyond ten', async () => {
  const { shape } = await sample(`{"text":"${'x'.repeat(10.5 * megabyte)}"}`)
  expect(shape.classification).toBe('UNKNOWN')
})

test('CSV: the first 1,000 records decide', async () => {
  const rows = Array.from({ length: 999 }, (_, at) => `x,${at}\n`).join('')
  expect((await sample(`s,n\n${rows}y,1\n`)).types).toEqual(['s string', 'n bigint'])
  expect((await sample(`s,n\n${rows}y,1.5\n`)).types).toEqual(['s string', 'n bigint'])
  expect((await sample(`s,n\n${rows.slice(rows.indexOf('\n') + 1)}y,1.5\n`)).types).toEqual(['s string', 'n double'])
})

test('the records of a large gzipped object are estimated by the part that was read', async () => {
  const lines = Array.from({ length: 20_000 }, () => `{"a":"${randomBytes(60).toString('base64')}"}\n`)
  const { records, shape, averageRecordSize } = await sample(gzipSync(lines.join('')))
  expect(shape.compression).toBe('gzip')
  expect(averageRecordSize).toBeCloseTo(lines[0]!.length, 0)
  expect(Math.abs(records - lines.length)).toBeLessThan(lines.length * 0.05)
})

test('a character at the edge of the sample is not broken', async () => {
  const { types } = await sample(`{"é":"${'é'.repeat(50)}"}\n`.repeat(12_000))
  expect(types).toEqual(['é string'])
})

test('JSON: records of ever new fields, flat, in a field and in an array', async () => {
  const count = 50_000
  const records = Array.from({ length: count }, (_, at) => `{"k${at}":1}`)
  expect((await sample(records.join('\n'))).types.length).toBe(count)
  const nested = await sample(records.map(record => `{"a":${record}}`).join('\n'))
  expect(nested.types[0]!.split(',').length).toBe(count)
  const inArray = await sample(`[${records.join()}]`)
  expect(inArray.types[0]!.split(',').length).toBe(count)
})

test.each([
  ['an array', (elements: string) => `[${elements}]`],
  ['an array in an object', (elements: string) => `{"Records":[${elements}]}`],
  ['lines', (elements: string) => elements.replaceAll(',', '\n')],
  ['broken lines', (elements: string) => `{}\n${elements.replaceAll('{"a":1},', 'x\n')}`],
])('JSON: others run while %s is read', (_, document) => {
  const steps = sampleJson(document('{"a":1},'.repeat(30_000).slice(0, -1)))
  let yields = 0
  while (!steps.next().done) yields += 1
  expect(yields).toBeGreaterThanOrEqual(99)
})

test('JSON: a document of several megabytes is read twice, not once for each megabyte', async () => {
  const elements = 600_000
  const path = join(temporaryFolder(), 'object')
  writeFileSync(path, `[${'{"a":1},'.repeat(elements).slice(0, -1)}]`)
  let breaths = 0
  const breathe = async (): Promise<void> => void (breaths += 1)
  const { shape } = await sampleObject({ key: 'a', path, sizeBytes: statSync(path).size }, { classifiers: [], breathe })
  expect(shape.columns.map(({ name, type }) => `${name} ${hiveType(type)}`)).toEqual(['array array<struct<a:int>>'])
  expect(breaths).toBeLessThan((1.3 * elements) / 300)
})

test('an integer of a million digits is a double, leading zeros do not count', async () => {
  expect((await sample(`{"a":${'9'.repeat(1_000_000)}}\n`)).types).toEqual(['a double'])
  expect((await sample(`x,${'0'.repeat(400_000)}7\ny,1\n`)).types).toEqual(['col0 string', 'col1 bigint'])
})

test('Parquet: numbers of endless bytes in a footer are damage', async () => {
  const footer = Buffer.alloc(1_000_000, 0xff)
  const end = Buffer.from('....PAR1')
  end.writeUInt32LE(footer.length)
  footer[0] = 0x16
  await expect(sample(Buffer.concat([Buffer.from('PAR1'), footer, end]))).rejects.toThrow('the Parquet footer is damaged')
})

test('damaged wrapping is an error, and small prefixes of real ones are', async () => {
  const whole = gzipSync('{"a":1}\n')
  await expect(sample(whole.subarray(0, 15))).rejects.toThrow()
  await expect(sample('PAR1 and no footer')).rejects.toThrow()
})
