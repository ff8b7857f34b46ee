/** Slicing-by-8 tables of the Castagnoli polynomial (zlib.crc32 is another one). */
const tables = Array.from({ length: 8 }, () => new Int32Array(256))
for (let i = 0; i < 256; i++) {
  let value = i
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1
  tables[0]![i] = value
}
for (let i = 0; i < 256; i++) {
  for (let t = 1; t < 8; t++) tables[t]![i] = (tables[t - 1]![i]! >>> 8) ^ tables[0]![tables[t - 1]![i]! & 0xff]!
}
const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as [
  Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array,
] // prettier-ignore

/** CRC-32C of `buffer` from `start` (inclusive) to `end` (exclusive), unsigned: what a record batch carries. */
export function crc32c(buffer: Uint8Array, start = 0, end = buffer.length): number {
  let crc = -1
  let i = start
  for (const last = end - 7; i < last; i += 8) {
    crc ^= buffer[i]! | (buffer[i + 1]! << 8) | (buffer[i + 2]! << 16) | (buffer[i + 3]! << 24)
    crc =
      t7[crc & 0xff]! ^
      t6[(crc >>> 8) & 0xff]! ^
      t5[(crc >>> 16) & 0xff]! ^
      t4[crc >>> 24]! ^
      t3[buffer[i + 4]!]! ^
      t2[buffer[i + 5]!]! ^
      t1[buffer[i + 6]!]! ^
      t0[buffer[i + 7]!]!
  }
  for (; i < end; i++) crc = (crc >>> 8) ^ t0[(crc ^ buffer[i]!) & 0xff]!
  return ~crc >>> 0
}
