import { expect, it } from 'vitest'
import { pushVarint, readVarint } from '../../../../lib/local/broker/records/varint.ts'

const read = (bytes: number[]): [number, number] => {
  const cursor = { buffer: Buffer.from(bytes), at: 0, end: bytes.length }
  return [readVarint(cursor), cursor.at]
}

it.each([
  [0, [0]],
  [-1, [1]],
  [1, [2]],
  [63, [126]],
  [-64, [127]],
  [64, [128, 1]],
  [300, [0xd8, 4]],
  [0x7fff_ffff, [0xfe, 0xff, 0xff, 0xff, 0x0f]],
  [-0x8000_0000, [0xff, 0xff, 0xff, 0xff, 0x0f]],
  [2 ** 52, [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10]],
])('%i', (value, bytes) => {
  const pushed: number[] = []
  pushVarint(pushed, value)
  expect(pushed).toEqual(bytes)
  expect(read(bytes)).toEqual([value, bytes.length])
})

it('a cut or endless number marks the cursor', () => {
  expect(read([0x80])[1]).toBe(-1)
  expect(read(Array<number>(11).fill(0xff))[1]).toBe(-1)
})
