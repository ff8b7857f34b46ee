import { describe, expect, it } from 'vitest'
import { MalformedRequest, Reader } from '../../../../lib/local/broker/wire/reader.ts'
import {
  array,
  int16,
  int32,
  int64,
  nullableArray,
  nullableBytes,
  nullableString,
  since,
  string,
  struct,
  within,
} from '../../../../lib/local/broker/wire/schema.ts'
import { Writer } from '../../../../lib/local/broker/wire/writer.ts'

const message = struct({
  name: string,
  note: nullableString,
  rows: array(struct({ index: int32, at: since(2, int64, -1) })),
  only: within(1, 1, int16, 7),
  bytes: nullableBytes,
  maybe: nullableArray(int32),
})
const value = { name: 'é', note: null, rows: [{ index: 1, at: 2 ** 40 + 5 }], only: 3, bytes: Buffer.from('x'), maybe: null }
const roundTrip = (version: number) => {
  const writer = new Writer(4)
  message.write(writer, value, version)
  return message.read(new Reader(writer.toBuffer()), version)
}

describe('a schema', () => {
  it('reads what it wrote, and defaults where a version has no such field', () => {
    expect(roundTrip(2)).toEqual({ ...value, only: 7 })
    expect(roundTrip(1)).toEqual({ ...value, rows: [{ index: 1, at: -1 }] })
  })

  it.each([0, 1, -1, 2 ** 31, -(2 ** 31), 2 ** 32, 2 ** 52, -(2 ** 52)])('int64 %i', number => {
    const writer = new Writer()
    writer.int64(number)
    expect(new Reader(writer.toBuffer()).int64()).toBe(number)
  })

  it('int64 at its ends is kept', () => {
    for (const hex of ['7fffffffffffffff', '8000000000000000']) {
      const writer = new Writer()
      writer.int64(new Reader(Buffer.from(hex, 'hex')).int64())
      expect(writer.toBuffer().toString('hex')).toBe(hex)
    }
  })
})

describe('a reader', () => {
  it.each([
    ['past the end', '00', (r: Reader) => r.int16()],
    ['a negative length', 'fffe', (r: Reader) => r.nullableString()],
    ['a length past the end', '00000009aa', (r: Reader) => r.bytes()],
    ['more elements than bytes', '00000005aabb', (r: Reader) => r.arrayLength()],
    ['a negative count', 'fffffffe', (r: Reader) => r.arrayLength()],
    ['null where something is required', 'ffff', (r: Reader) => r.string()],
  ])('%s is a MalformedRequest', (_, hex, read) => {
    expect(() => read(new Reader(Buffer.from(hex, 'hex')))).toThrow(MalformedRequest)
  })

  it('bounds the elements of all arrays together', () => {
    const bytes = Buffer.alloc(2_000_000)
    bytes.writeInt32BE(900_000, 0)
    bytes.writeInt32BE(200_000, 4)
    const reader = new Reader(bytes)
    expect(reader.arrayLength()).toBe(900_000)
    expect(() => reader.arrayLength()).toThrow(MalformedRequest)
  })
})

describe('a writer', () => {
  it('passes large bytes through without a copy', () => {
    const large = Buffer.alloc(10_000, 1)
    const writer = new Writer()
    writer.int32(1)
    writer.nullableBytes(large)
    writer.int32(2)
    const chunks = writer.chunks()
    expect(chunks).toHaveLength(3)
    expect(chunks[1]).toBe(large)
    expect(writer.length).toBe(10_012)
  })
})
