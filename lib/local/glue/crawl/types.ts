/** A data type while it is being inferred. `null` is a value not seen yet and gives way to any other. */
export type Type =
  | { kind: 'null' }
  /** A Hive type by name: `int`, `bigint`, `double`, `boolean`, `string`, `decimal(10,2)`, ... */
  | { kind: 'scalar'; name: string }
  /** `count` is the number of elements seen. */
  | { kind: 'array'; element: Type; count: number }
  | { kind: 'map'; key: Type; value: Type }
  /** Fields in the order they were first seen, names as written. */
  | { kind: 'struct'; fields: Map<string, Type> }

/** A column as the data names it (the catalog stores it in lower case). */
export interface FoundColumn {
  name: string
  type: Type
}

/** The type of `null` and of the elements of an empty array. */
export const unseen: Type = { kind: 'null' }
/** A Hive type by its name. */
export const scalar = (name: string): Type => ({ kind: 'scalar', name })

const integers = ['tinyint', 'smallint', 'int', 'bigint']
const string = scalar('string')
const double = scalar('double')

/** Fields of structs that nobody else holds. */
export type OwnStructs = WeakSet<Map<string, Type>>

/**
 * The type that holds values of both: the wider integer, double for integers beside fractions, field by field in structs; anything else is a string.
 * `own` keeps the structs that one caller has widened before: they grow in place, so that records of ever new fields are not copied again and again.
 */
export function widen(a: Type, b: Type, own?: OwnStructs): Type {
  if (a === b || b.kind === 'null') return a
  if (a.kind === 'null') return b
  if (a.kind === 'scalar' && b.kind === 'scalar') return widenScalar(a, b)
  if (a.kind === 'array' && b.kind === 'array')
    return { kind: 'array', element: widen(a.element, b.element, own), count: a.count + b.count }
  if (a.kind === 'map' && b.kind === 'map')
    return { kind: 'map', key: widen(a.key, b.key, own), value: widen(a.value, b.value, own) }
  if (a.kind === 'struct' && b.kind === 'struct') return { kind: 'struct', fields: widenFields(a.fields, b.fields, own) }
  return string
}

function widenScalar(a: Type & { kind: 'scalar' }, b: Type & { kind: 'scalar' }): Type {
  if (a.name === b.name) return a
  const left = integers.indexOf(a.name)
  const right = integers.indexOf(b.name)
  if (left !== -1 && right !== -1) return left > right ? a : b
  const numeric = (at: number, name: string): boolean => at !== -1 || name === 'float' || name === 'double'
  return numeric(left, a.name) && numeric(right, b.name) ? double : string
}

function widenFields(a: Map<string, Type>, b: Map<string, Type>, own?: OwnStructs): Map<string, Type> {
  let fields = a
  for (const [name, type] of b) {
    const old = a.get(name)
    const next = old ? widen(old, type, own) : type
    if (next === old) continue
    if (fields === a && !own?.has(a)) {
      fields = new Map(a)
      own?.add(fields)
    }
    fields.set(name, next)
  }
  return fields
}

/** Columns of both, the first ones first. */
export function widenColumns(a: FoundColumn[], b: FoundColumn[]): FoundColumn[] {
  const fields = widenFields(fieldsOf(a), fieldsOf(b))
  return [...fields].map(([name, type]) => ({ name, type }))
}

/** Columns as the fields of a struct. */
export const fieldsOf = (columns: FoundColumn[]): Map<string, Type> => new Map(columns.map(({ name, type }) => [name, type]))

/** The type as the catalog writes it: `array<struct<a:int,b:string>>`. What was never seen, or is an empty object, is a string. */
export function hiveType(type: Type): string {
  if (type.kind === 'null') return 'string'
  if (type.kind === 'scalar') return type.name
  if (type.kind === 'array') return `array<${hiveType(type.element)}>`
  if (type.kind === 'map') return `map<${hiveType(type.key)},${hiveType(type.value)}>`
  if (type.fields.size === 0) return 'string'
  return `struct<${[...type.fields].map(([name, field]) => `${name}:${hiveType(field)}`).join(',')}>`
}

const signatures = new WeakMap<FoundColumn[], string>()

/** Text that is the same for the same columns; unlike the Hive type it keeps `null` apart. */
export function signature(columns: FoundColumn[]): string {
  const known = signatures.get(columns)
  if (known !== undefined) return known
  const text = describe(columns)
  signatures.set(columns, text)
  return text
}

function describe(columns: FoundColumn[]): string {
  const text = (type: Type): string => {
    if (type.kind === 'null') return '?'
    if (type.kind === 'scalar') return type.name
    if (type.kind === 'array') return `[${text(type.element)}]`
    if (type.kind === 'map') return `<${text(type.key)},${text(type.value)}>`
    return `{${[...type.fields].map(([name, field]) => `${JSON.stringify(name)}:${text(field)}`).join()}}`
  }
  return text({ kind: 'struct', fields: fieldsOf(columns) })
}
