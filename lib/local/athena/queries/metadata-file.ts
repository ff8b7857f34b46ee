import type { ResultColumn } from './result-columns.ts'

/** What a `.metadata` file says. Field numbers as measured on AWS: 1 id, 2 update type, 3 update count, 4 column (repeated) with 1 catalog, 4 name,
 *  5 label, 6 type, 7 precision, 8 scale, 9 nullable (3 = unknown), 10 case sensitive. A field that is not set is left out; a set 0 is written. */
export interface ResultMetadata {
  id: string
  updateType?: string | undefined
  updateCount?: number | undefined
  columns: ResultColumn[]
}

export function encodeMetadata({ id, updateType, updateCount, columns }: ResultMetadata): Buffer {
  return Buffer.concat([
    text(1, id),
    ...(updateType === undefined ? [] : [text(2, updateType)]),
    ...(updateCount === undefined ? [] : [number(3, updateCount)]),
    ...columns.map(column => bytes(4, encodeColumn(column))),
  ])
}

const encodeColumn = ({ name, type, precision, scale, caseSensitive }: ResultColumn) =>
  Buffer.concat([
    text(1, 'hive'),
    text(4, name),
    text(5, name),
    text(6, type),
    ...(precision === undefined ? [] : [number(7, precision)]),
    ...(scale === undefined ? [] : [number(8, scale)]),
    number(9, 3),
    ...(caseSensitive === undefined ? [] : [number(10, caseSensitive ? 1 : 0)]),
  ])

const text = (field: number, value: string) => bytes(field, Buffer.from(value))
const bytes = (field: number, value: Buffer) => Buffer.concat([varint((field << 3) | 2), varint(value.length), value])
const number = (field: number, value: number) => Buffer.concat([varint(field << 3), varint(value)])

function varint(value: number): Buffer {
  const out: number[] = []
  let rest = BigInt(value)
  for (; rest > 127n; rest >>= 7n) out.push(Number(rest & 127n) | 128)
  out.push(Number(rest))
  return Buffer.from(out)
}
