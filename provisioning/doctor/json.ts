/** What a crawler would call a JSON value. Whole numbers and numbers with a point are two types to it. */
export type JsonType = 'whole number' | 'number with a point' | 'text' | 'boolean' | 'array' | 'object'

/** The types of an object's fields as they are written (JSON.parse alone cannot tell `0` from `0.0`); null values are left out. Throws SyntaxError. */
export function fieldTypes(text: string): Map<string, JsonType> {
  const top = new Map<string, JsonType>()
  const types = new Map<object, [string, JsonType][]>()
  const root: unknown = JSON.parse(text, function (this: object, key: string, value: unknown, { source }: { source?: string }) {
    const type = typeOf(value, source)
    if (type) types.set(this, [...(types.get(this) ?? []), [key, type]])
    return value
  } as Parameters<typeof JSON.parse>[1])
  if (typeof root === 'object' && root !== null) for (const [key, type] of types.get(root) ?? []) top.set(key, type)
  return top
}

function typeOf(value: unknown, source = ''): JsonType | undefined {
  if (typeof value === 'number') return /^-?\d+$/.test(source) ? 'whole number' : 'number with a point'
  if (typeof value === 'string') return 'text'
  if (typeof value === 'boolean') return 'boolean'
  if (Array.isArray(value)) return 'array'
  return value === null || value === undefined ? undefined : 'object'
}

/** A field that is of one type in one place and of another elsewhere, with an example of both. */
export interface MixedField {
  field: string
  types: [JsonType, JsonType]
  places: [string, string]
}

/** Finds fields whose type changes from sample to sample. */
export function mixedFields(samples: Iterable<{ place: string; types: Map<string, JsonType> }>): MixedField[] {
  const first = new Map<string, { type: JsonType; place: string }>()
  const mixed = new Map<string, MixedField>()
  for (const { place, types } of samples) {
    for (const [field, type] of types) {
      const before = first.get(field)
      if (!before) first.set(field, { type, place })
      else if (before.type !== type && !mixed.has(field))
        mixed.set(field, { field, types: [before.type, type], places: [before.place, place] })
    }
  }
  return [...mixed.values()]
}

export const describeMixed = ({ field, types, places }: MixedField): string =>
  `${field} is a ${types[0]} in ${places[0]} and a ${types[1]} in ${places[1]}`
