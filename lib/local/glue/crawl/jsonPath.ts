import type { JsonSample } from './json.ts'
import { unseen, widen, type OwnStructs, type Type } from './types.ts'

/**
 * Narrows a sample to what a JSON classifier's path selects: `$`, `.name`, `['name']`, `.*`, `[*]`, `[0]` (the operators Glue knows). Works on the
 * inferred type, so an index stands for every element. No records when nothing is there.
 */
export function select({ type, records }: JsonSample, path: string): { type: Type; records: number } {
  let found = { type: unwrapArray(type), records }
  for (const step of parseJsonPath(path) ?? []) found = narrow(found, step)
  return found.type.kind === 'null' ? { type: found.type, records: 0 } : found
}

/** The steps of a path: a name, or `*` and indexes as `'*'`. `undefined` when Glue would not take it. */
export function parseJsonPath(path: string): { name?: string }[] | undefined {
  if (!path.startsWith('$')) return undefined
  const step = /\.(\*|[^.[\]'"\s]+)|\['([^']*)'\]|\["([^"]*)"\]|\[(\*|\d+)\]/y
  step.lastIndex = 1
  const steps: { name?: string }[] = []
  while (step.lastIndex < path.length) {
    const found = step.exec(path)
    if (!found) return undefined
    const name = found[2] ?? found[3] ?? (found[1] === '*' ? undefined : found[1])
    steps.push(name === undefined ? {} : { name })
  }
  return steps
}

/** A whole array was taken as an object with the one field `array`: for a path it is the array. */
function unwrapArray(type: Type): Type {
  if (type.kind !== 'struct' || type.fields.size !== 1) return type
  return type.fields.get('array')?.kind === 'array' ? type.fields.get('array')! : type
}

function narrow(
  { type, records }: { type: Type; records: number },
  { name }: { name?: string },
): { type: Type; records: number } {
  if (type.kind === 'array' && name === undefined) return { type: type.element, records: type.count }
  if (type.kind !== 'struct') return { type: unseen, records: 0 }
  if (name !== undefined) return { type: type.fields.get(name) ?? unseen, records }
  return { type: unionOf(type.fields.values()), records: records * type.fields.size }
}

function unionOf(types: Iterable<Type>): Type {
  const own: OwnStructs = new WeakSet()
  let union = unseen
  for (const type of types) union = widen(union, type, own)
  return union
}
