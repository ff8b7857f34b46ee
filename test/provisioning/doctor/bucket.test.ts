import { gzipSync } from 'node:zlib'
import { beforeAll, expect, it } from 'vitest'
import { ensureBucket, objectKey, putObject } from '../../../lib/bucket.ts'
import type { Lab } from '../../../lib/lab.ts'
import { homeForTests, type OpenLab } from '../../helpers/lab.ts'
import { problem, quote, seen, wrongs } from './look.ts'

let open: OpenLab
beforeAll(async () => {
  open = (await homeForTests()).open
})

const at = (lab: Lab, offset: number): string =>
  objectKey(lab.config.prefix, { topic: lab.config.topic, partition: 0, offset }, Date.UTC(2026, 0, 2))
const lines = (from: number, count: number): string =>
  Array.from({ length: count }, (_, index) => `${quote(from + index)}\n`).join('')
async function stored(objects: (lab: Lab) => [key: string, body: string | Uint8Array][]): Promise<Lab> {
  const lab = open()
  await ensureBucket(lab)
  for (const [key, body] of objects(lab)) await putObject(lab, key, body)
  return lab
}
const packed = (text: string): Uint8Array => gzipSync(text)

it('finds an empty prefix', async () => {
  expect(await problem(await stored(() => []), ['bucket'])).toMatch(/is empty\. no sink has stored/)
})

it.each<[string, (lab: Lab) => [string, string | Uint8Array][], RegExp]>([
  [
    'names by a counter',
    lab => [[`${lab.config.prefix}stock_market_0.json`, lines(0, 1)]],
    /1 object named by a counter.*enumerate/,
  ],
  ['other names', lab => [[`${lab.config.prefix}dump-a.json`, lines(0, 1)]], /names do not tell topic, partition and offset/],
  ['an array', lab => [[at(lab, 0), packed(`[${quote(0)},\n${quote(1)}]`)]], /a JSON array in .*one column "array"/],
  ['an array over lines', lab => [[at(lab, 0), packed(`[\n${quote(0)}\n]`)]], /a JSON array in/],
  [
    'pretty JSON',
    lab => [[at(lab, 0), packed(JSON.stringify(JSON.parse(quote(0)), null, 2))]],
    /over several lines.*HIVE_CURSOR_ERROR/,
  ],
  ['objects on one line', lab => [[at(lab, 0), packed(quote(0) + quote(1))]], /several JSON objects on one line/],
  ['texts', lab => [[at(lab, 0), packed(JSON.stringify(quote(0)))]], /JSON texts instead of objects/],
  ['a broken line', lab => [[at(lab, 0), packed(`${lines(0, 2)}hello\n`)]], /lines that are not JSON in .*line 3: hello/],
  [
    'int and double',
    lab => [
      [at(lab, 0), packed('{"close":1}\n')],
      [at(lab, 1), packed('{"close":1.5}\n')],
    ],
    /close is a whole number in .* and a number with a point in .*HIVE_BAD_DATA/,
  ],
  [
    'fields that differ in capitals',
    lab => [[at(lab, 0), packed('{"Open":1.5,"open":2.5}\n')]],
    /fields Open and open.*HIVE_INVALID_METADATA/,
  ],
  ['a double slash', lab => [[at(lab, 0).replace('dt=', '/dt='), packed(lines(0, 1))]], /names with a double slash/],
  [
    'an empty object',
    lab => [
      [at(lab, 0), packed(lines(0, 1))],
      [at(lab, 1), ''],
    ],
    /1 object without a byte/,
  ],
  [
    'results among the data',
    lab => [
      [at(lab, 0), packed(lines(0, 1))],
      [`${lab.config.prefix}0b6a4c1e-8d1f-4a52-9f5e-2f4c1f0f7a11.csv`, '"a"\n"1"\n'],
      [`${lab.config.prefix}0b6a4c1e-8d1f-4a52-9f5e-2f4c1f0f7a11.csv.metadata`, 'x'],
    ],
    /2 query results under the crawled prefix/,
  ],
  [
    'many small objects, with their price',
    lab => Array.from({ length: 12 }, (_, offset) => [at(lab, offset), packed(lines(offset, 1))]),
    /12 objects of \d+ bytes on average.*\$0\.000060.*\$0\.0000048/,
  ],
])('finds %s', async (_, objects, words) => expect(await problem(await stored(objects), ['bucket'])).toMatch(words))

it('finds plain and compressed objects side by side', async () => {
  const lab = await stored(one => [
    [at(one, 0), packed(lines(0, 1))],
    [`${one.config.prefix}dt=2026-01-02/plain.json`, lines(1, 1)],
  ])
  expect(wrongs(await seen(lab, ['bucket'])).join('\n')).toContain('compressed and plain objects side by side')
})

it('finds that the bucket does not exist, when there are records for it', async () => {
  const lab = open({ bucket: 'doctor-missing' })
  expect(await problem(lab, ['bucket'])).toContain('there is no bucket doctor-missing')
})
