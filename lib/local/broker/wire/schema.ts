import type { Reader } from './reader.ts'
import type { Writer } from './writer.ts'

/** How one field or message looks on the wire in a given version: both directions, so that tests can be clients with the same tables. */
export interface Type<T> {
  read(reader: Reader, version: number): T
  write(writer: Writer, value: T, version: number): void
}

/** The value that a type describes. */
export type Value<S> = S extends Type<infer T> ? T : never

export const boolean: Type<boolean> = { read: r => r.boolean(), write: (w, v) => w.boolean(v) }
export const int8: Type<number> = { read: r => r.int8(), write: (w, v) => w.int8(v) }
export const int16: Type<number> = { read: r => r.int16(), write: (w, v) => w.int16(v) }
export const int32: Type<number> = { read: r => r.int32(), write: (w, v) => w.int32(v) }
export const int64: Type<number> = { read: r => r.int64(), write: (w, v) => w.int64(v) }
export const string: Type<string> = { read: r => r.string(), write: (w, v) => w.nullableString(v) }
export const nullableString: Type<string | null> = { read: r => r.nullableString(), write: (w, v) => w.nullableString(v) }
export const bytes: Type<Buffer> = { read: r => r.bytes(), write: (w, v) => w.nullableBytes(v) }
export const nullableBytes: Type<Buffer | null> = { read: r => r.nullableBytes(), write: (w, v) => w.nullableBytes(v) }

/** int32 count, then the elements. A null array (-1) is read as an empty one. */
export function array<T>(element: Type<T>): Type<T[]> {
  const nullable = nullableArray(element)
  return { read: (r, version) => nullable.read(r, version) ?? [], write: nullable.write }
}

/** As `array`, where null means something of its own (mostly: all). */
export function nullableArray<T>(element: Type<T>): Type<T[] | null> {
  return {
    read(reader, version) {
      const count = reader.arrayLength()
      if (count === -1) return null
      const values: T[] = []
      for (let i = 0; i < count; i++) values.push(element.read(reader, version))
      return values
    },
    write(writer, values, version) {
      writer.int32(values === null ? -1 : values.length)
      if (values) for (const value of values) element.write(writer, value, version)
    },
  }
}

/** On the wire in versions `first` to `last` only; read as `fallback` in the others. */
export function within<T>(first: number, last: number, type: Type<T>, fallback: T): Type<T> {
  return {
    read: (reader, version) => (version >= first && version <= last ? type.read(reader, version) : fallback),
    write(writer, value, version) {
      if (version >= first && version <= last) type.write(writer, value ?? fallback, version)
    },
  }
}

/** On the wire from version `first` on; read as `fallback` before. */
export const since = <T>(first: number, type: Type<T>, fallback: T): Type<T> => within(first, Infinity, type, fallback)

type Fields = Record<string, Type<never>>
export type Struct<F> = { [K in keyof F]: Value<F[K]> }

/** Fields in wire order. */
export function struct<F extends Record<string, Type<any>>>(fields: F): Type<Struct<F>> {
  const entries = Object.entries(fields as unknown as Fields)
  return {
    read(reader, version) {
      const value: Record<string, unknown> = {}
      for (const [name, type] of entries) value[name] = type.read(reader, version)
      return value as Struct<F>
    },
    write(writer, value, version) {
      const values = value as Record<string, never>
      for (const [name, type] of entries) type.write(writer, values[name]!, version)
    },
  }
}
