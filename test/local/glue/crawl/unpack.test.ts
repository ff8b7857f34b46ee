import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { compressFrameSync } from 'lz4-napi'
import { expect, test } from 'vitest'
import { unpackLz4 } from '../../../../lib/local/glue/crawl/lz4.ts'
import { unsnap } from '../../../../lib/local/glue/crawl/snappy.ts'
import type { Unpacked } from '../../../../lib/local/glue/crawl/unpacked.ts'
import { seeded, type Random } from '../random.ts'

const { compressSync: compress } = createRequire(import.meta.url)('snappy') as { compressSync(data: Buffer): Buffer }

const uint32BE = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
const chunk = (type: number, body: Buffer): Buffer => {
  const head = Buffer.from([type, 0, 0, 0])
  head.writeUIntLE(body.length, 1, 3)
  return Buffer.concat([head, body])
}
const framed = (data: Buffer): Buffer => {
  const half = data.length >>> 1
  const sum = Buffer.alloc(4)
  return Buffer.concat([
    chunk(0xff, Buffer.from('sNaPpY')),
    chunk(0x00, Buffer.concat([sum, compress(data.subarray(0, half))])),
    chunk(0xfe, Buffer.alloc(3)),
    chunk(0x01, Buffer.concat([sum, data.subarray(half)])),
  ])
}
const hadoop = (data: Buffer): Buffer => {
  const parts = [data.subarray(0, data.length >>> 1), data.subarray(data.length >>> 1)].map(compress)
  return Buffer.concat([uint32BE(data.length), ...parts.flatMap(part => [uint32BE(part.length), part])])
}
const lz4Twice = (data: Buffer): Buffer => {
  const half = data.length >>> 1
  const skipped = Buffer.from([0x51, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 1, 2])
  const checked = compressFrameSync(data.subarray(half), { contentChecksum: true, blockChecksums: true })
  return Buffer.concat([compressFrameSync(data.subarray(0, half)), skipped, checked])
}

type Unpack = (packed: Buffer, most: number) => Unpacked
const formats: [name: string, pack: (data: Buffer) => Buffer, unpack: Unpack][] = [
  ['raw snappy', compress, unsnap],
  ['framed snappy', framed, unsnap],
  ["Hadoop's snappy", hadoop, unsnap],
  ['LZ4', data => compressFrameSync(data), unpackLz4],
  ['LZ4 in two frames', lz4Twice, unpackLz4],
]

/** Text of runs, repetitions and noise: literals and copies of all lengths. */
function randomContent(random: Random): Buffer {
  const parts = Array.from({ length: 2 + random.below(30) }, () => {
    const kind = random.below(3)
    if (kind === 0) return Buffer.alloc(1 + random.below(3000), random.below(256))
    if (kind === 1) return Buffer.from('{"name":"value","n":12345}\n'.repeat(1 + random.below(30)))
    return Buffer.from(Array.from({ length: 1 + random.below(400) }, () => random.below(256)))
  })
  return Buffer.concat([...parts, ...parts.slice(0, 3)])
}

test.each(formats)('%s: the whole content, and the start of it', (_, pack, unpack) => {
  const random = seeded(6)
  for (let at = 0; at < 40; at += 1) {
    const content = randomContent(random)
    const packed = pack(content)
    const whole = unpack(packed, content.length + 1)
    expect(content.equals(whole.bytes), `case ${at}`).toBe(true)
    expect(whole.packedBytes, `case ${at}`).toBe(packed.length)
    const most = 1 + random.below(content.length)
    const start = unpack(packed, most)
    expect(content.subarray(0, most).equals(start.bytes), `case ${at}, ${most} bytes`).toBe(true)
    expect(start.packedBytes).toBeLessThanOrEqual(packed.length)
  }
})

test.each(formats)('%s: damage ends with an error or no more than was asked for', (_, pack, unpack) => {
  const random = seeded(7)
  for (let at = 0; at < 1000; at += 1) {
    const content = Buffer.from(Array.from({ length: 20 + random.below(100) }, () => random.below(at % 2 === 0 ? 4 : 256)))
    const packed = pack(content)
    for (let hits = 1 + random.below(4); hits > 0; hits -= 1) packed[random.below(packed.length)] = random.below(256)
    const most = random.below(200)
    try {
      expect(unpack(packed.subarray(0, packed.length - random.below(3)), most).bytes.length).toBeLessThanOrEqual(most)
    } catch (error) {
      expect(error, `case ${at}`).toBeInstanceOf(Error)
    }
  }
})

test('snappy: a literal whose length has the highest bit set does not lead back', () => {
  // 0xfc: a literal with four bytes of length; read as a signed number it is negative, and the reader goes round forever.
  const block = Buffer.concat([Buffer.from([0x14, 0x00, 0x41, 0xfc, 0xfa, 0xff, 0xff, 0xff]), Buffer.alloc(40)])
  expect(() => unsnap(block, 100)).toThrow()
})

test('snappy: a size that the bytes cannot have is refused before memory is taken', () => {
  const block = Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0x00, 0x41, 0x00, 0x41])
  expect(() => unsnap(block, 2 ** 40)).toThrow('the snappy data is damaged')
})

test('snappy: a block too large to be unpacked as a whole is left alone', () => {
  const block = compress(Buffer.alloc(70_000_000))
  expect(() => unsnap(block, 100)).toThrow('a snappy block of 70000000 bytes is more than this crawler opens')
})

test('LZ4: the blocks of a frame may go back to those before them', () => {
  // Made by the lz4 tool with linked blocks of 64 KB: 20,000 lines of 50 kinds.
  const content = Buffer.from(Array.from({ length: 20_000 }, (_, at) => `quote ${at % 50} of the day\n`).join(''))
  const packed = readFileSync(join(import.meta.dirname, '../../../fixtures/packed/linked-blocks.lz4'))
  expect(content.equals(unpackLz4(packed, content.length + 1).bytes)).toBe(true)
  expect(content.subarray(0, 150_000).equals(unpackLz4(packed, 150_000).bytes)).toBe(true)
})

test('LZ4: no more memory than one block beyond what was asked for', () => {
  const packed = compressFrameSync(Buffer.alloc(200_000_000))
  const before = process.memoryUsage.rss()
  expect(unpackLz4(packed, 1000).bytes).toHaveLength(1000)
  expect(process.memoryUsage.rss() - before).toBeLessThan(50_000_000)
})
