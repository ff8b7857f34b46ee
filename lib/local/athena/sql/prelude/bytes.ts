import { createHash, createHmac } from 'node:crypto'
import { crc32 as zlibCrc32 } from 'node:zlib'

const MASK = (1n << 64n) - 1n
const P1 = 0x9e3779b185ebca87n
const P2 = 0xc2b2ae3d27d4eb4fn
const P3 = 0x165667b19e3779f9n
const P4 = 0x85ebca77c2b2ae63n
const P5 = 0x27d4eb2f165667c5n
const rotate = (x: bigint, bits: bigint) => ((x << bits) | (x >> (64n - bits))) & MASK
const round = (acc: bigint, lane: bigint) => (rotate((acc + lane * P2) & MASK, 31n) * P1) & MASK
const merge = (acc: bigint, value: bigint) => (((acc ^ round(0n, value)) * P1) & MASK) + P4

/** xxHash64 with seed 0, by its specification (Yann Collet, public). */
function xxhash64(data: Buffer): Buffer {
  let at = 0
  let hash: bigint
  if (data.length >= 32) {
    const acc = [(P1 + P2) & MASK, P2, 0n, -P1 & MASK]
    for (; at + 32 <= data.length; at += 32) for (let i = 0; i < 4; i++) acc[i] = round(acc[i]!, data.readBigUInt64LE(at + i * 8))
    hash = (rotate(acc[0]!, 1n) + rotate(acc[1]!, 7n) + rotate(acc[2]!, 12n) + rotate(acc[3]!, 18n)) & MASK
    for (const value of acc) hash = merge(hash, value) & MASK
  } else hash = P5
  hash = (hash + BigInt(data.length)) & MASK
  for (; at + 8 <= data.length; at += 8) hash = (rotate(hash ^ round(0n, data.readBigUInt64LE(at)), 27n) * P1 + P4) & MASK
  if (at + 4 <= data.length) {
    hash = (rotate(hash ^ ((BigInt(data.readUInt32LE(at)) * P1) & MASK), 23n) * P2 + P3) & MASK
    at += 4
  }
  for (; at < data.length; at++) hash = (rotate(hash ^ ((BigInt(data[at]!) * P5) & MASK), 11n) * P1) & MASK
  hash = ((hash ^ (hash >> 33n)) * P2) & MASK
  hash = ((hash ^ (hash >> 29n)) * P3) & MASK
  const result = Buffer.alloc(8)
  result.writeBigUInt64BE(hash ^ (hash >> 32n))
  return result
}

export const hash = (algorithm: string, data: Buffer) =>
  algorithm === 'xxhash64' ? xxhash64(data) : createHash(algorithm).update(data).digest()
export const hmac = (algorithm: string, data: Buffer, key: Buffer) => createHmac(algorithm, key).update(data).digest()
export const crc32 = (data: Buffer) => BigInt(zlibCrc32(data))

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** Bytes as text: base32, or the number that big-endian bytes stand for. */
export function encode(form: string, data: Buffer): string {
  const size = { int64: 8, int32: 4, double: 8, float: 4 }[form]
  if (size && data.length !== size)
    throw new Error(`\u00a1INVALID_FUNCTION_ARGUMENT: expected ${size}-byte input, but got instead: ${data.length}`)
  switch (form) {
    case 'int64':
      return String(data.readBigInt64BE())
    case 'int32':
      return String(data.readInt32BE())
    case 'double':
      return String(data.readDoubleBE())
    case 'float':
      return String(data.readFloatBE())
  }
  const bits = [...data].map(byte => byte.toString(2).padStart(8, '0')).join('')
  const letters = (bits.match(/.{1,5}/g) ?? []).map(five => BASE32[parseInt(five.padEnd(5, '0'), 2)]).join('')
  return letters.padEnd(Math.ceil(letters.length / 8) * 8, '=')
}

/** The reverse of `encode`. */
export function decode(form: string, text: string): Buffer {
  const result = Buffer.alloc(form === 'int32' || form === 'float' ? 4 : 8)
  switch (form) {
    case 'int64':
      result.writeBigInt64BE(BigInt(text))
      return result
    case 'int32':
      result.writeInt32BE(Number(text))
      return result
    case 'double':
      result.writeDoubleBE(Number(text.replace('inf', 'Infinity')))
      return result
    case 'float':
      result.writeFloatBE(Number(text.replace('inf', 'Infinity')))
      return result
  }
  const bits = [...text.toUpperCase().replace(/=+$/, '')]
    .map(letter => BASE32.indexOf(letter).toString(2).padStart(5, '0'))
    .join('')
  return Buffer.from((bits.match(/.{8}/g) ?? []).map(byte => parseInt(byte, 2)))
}
