import type { Emission, FunctionTable } from './signature.ts'
import { duckdbType, type Type } from '../types/types.ts'

/** Lambda of two parameters over map entries: DuckDB's list functions give one value, so its parameters become fields of it. */
function entryLambda(lambda: string, fields: string[]): { name: string; body: string } {
  const [, parameters, body] = /^lambda ([^:]*): ([\s\S]*)$/.exec(lambda)!
  const names = parameters!.split(', ')
  const name = `${names[0]}_`
  return {
    name,
    body: names.reduce((text, old, i) => text.replaceAll(new RegExp(`\\b${old}\\b`, 'g'), `${name}.${fields[i]}`), body!),
  }
}

const overEntries = (args: string[], wrap: (name: string, body: string) => string) => {
  const { name, body } = entryLambda(args[1]!, ['key', 'value'])
  return `map_from_entries(${wrap(name, body)})`.replaceAll('ENTRIES', `map_entries(${args[0]})`)
}

/** A reduction whose state has another type than the elements: both travel in one struct. */
function reduce({ args, types }: Emission): string {
  const [list, initial, step, finish] = args as [string, string, string, string]
  const state = duckdbType(types[1]!)
  const element = duckdbType((types[0] as Type & { kind: 'array' }).element)
  const { name, body } = reduceLambda(step)
  const packed = `list_transform(${list}, lambda x: {'s': CAST(NULL AS ${state}), 'x': CAST(x AS ${element})})`
  const seed = `{'s': CAST(${initial} AS ${state}), 'x': CAST(NULL AS ${element})}`
  const folded = `list_reduce(${packed}, lambda ${name}_a, ${name}_b: {'s': CAST(${body} AS ${state}), 'x': CAST(NULL AS ${element})}, ${seed})`
  return `list_transform([${folded}.s], ${finish})[1]`
}

function reduceLambda(lambda: string): { name: string; body: string } {
  const [, parameters, body] = /^lambda ([^:]*): ([\s\S]*)$/.exec(lambda)!
  const [s, x] = parameters!.split(', ') as [string, string]
  const name = s
  const renamed = body!
    .replaceAll(new RegExp(`\\b${s}\\b`, 'g'), `${name}_a.s`)
    .replaceAll(new RegExp(`\\b${x}\\b`, 'g'), `${name}_b.x`)
  return { name, body: renamed }
}

function sequence(unit: string) {
  return ({ args }: Emission) => `t_sequence_${unit}(${args.join(', ')})`
}

function zip({ args, result }: Emission): string {
  const fields = ((result as Type & { kind: 'array' }).element as Type & { kind: 'row' }).fields
  const pack = fields.map((_, i) => `'field${i}': z[${i + 1}]`).join(', ')
  return `list_transform(list_zip(${args.join(', ')}), lambda z: {${pack}})`
}

const zips: FunctionTable = Object.fromEntries(
  [2, 3, 4, 5].map(count => {
    const letters = ['a', 'b', 'c', 'd', 'g'].slice(0, count)
    return [`zip(${letters.map(l => `array(${l})`).join(', ')}) array(row(${letters.join(', ')}))`, zip]
  }),
)

export const arrayFunctions: FunctionTable = {
  'all_match(array(t), function(t, boolean)) boolean': 't_all(list_transform($1, $2))',
  'any_match(array(t), function(t, boolean)) boolean': 't_any(list_transform($1, $2))',
  'none_match(array(t), function(t, boolean)) boolean': '(NOT t_any(list_transform($1, $2)))',
  'array_distinct(array(t)) array(t)': 't_distinct($1)',
  'array_except(array(t), array(t)) array(t)': 't_except($1, $2)',
  'array_histogram(array(t)) map(t, bigint)': 't_histogram($1)',
  'array_intersect(array(t), array(t)) array(t)': 't_intersect($1, $2)',
  'array_join(array(t), varchar) varchar': e => join(e),
  'array_join(array(t), varchar, varchar) varchar': e => join(e),
  'array_max(array(double)) double': 't_array_max_number($1)',
  'array_max(array(t)) t': 't_array_max($1)',
  'array_min(array(t)) t': 't_array_min($1)',
  'array_position(array(double), double) bigint': 'CASE WHEN isnan($2) THEN CAST(0 AS BIGINT) ELSE t_position($1, $2) END',
  'array_position(array(t), t) bigint': 't_position($1, $2)',
  'array_remove(array(t), t) array(t)': 't_remove($1, $2)',
  'array_sort(array(t)) array(t)': "list_sort($1, 'ASC', 'NULLS LAST')",
  'array_sort(array(t), function(t, t, integer)) array(t)': sortBy,
  'array_union(array(t), array(t)) array(t)': 't_distinct(list_concat($1, $2))',
  'arrays_overlap(array(t), array(t)) boolean': 't_overlap($1, $2)',
  'cardinality(array(t)) bigint': 'len($1)',
  'cardinality(map(k, v)) bigint': 'CAST(cardinality($1) AS BIGINT)',
  'combinations(array(t), bigint) array(array(t))': combinations,
  'concat(array(t), array(t)…) array(t)': '($||)',
  'concat(array(t), t) array(t)': 'CASE WHEN $1 IS NOT NULL THEN list_append($1, $2) END',
  'concat(t, array(t)) array(t)': 'CASE WHEN $2 IS NOT NULL THEN list_prepend($1, $2) END',
  'contains(array(double), double) boolean': 'CASE WHEN isnan($2) THEN false ELSE t_contains($1, $2) END',
  'contains(array(t), t) boolean': 't_contains($1, $2)',
  'contains_sequence(array(t), array(t)) boolean': 't_contains_sequence($1, $2)',
  'element_at(array(t), bigint) t': 't_element_at($1, $2)',
  'element_at(map(k, v), k) v': '$1[$2]',
  'filter(array(t), function(t, boolean)) array(t)': 'list_filter($1, $2)',
  'flatten(array(array(t))) array(t)': 'flatten(list_filter($1, lambda x: x IS NOT NULL))',
  'ngrams(array(t), bigint) array(array(t))': 't_ngrams($1, $2)',
  'reduce(array(t), s, function(s, t, s), function(s, r)) r': reduce,
  'repeat(t, bigint) array(t)': 't_repeat($1, $2)',
  'reverse(array(t)) array(t)': 'list_reverse($1)',
  'sequence(bigint, bigint) array(bigint)': sequence('bigint'),
  'sequence(bigint, bigint, bigint) array(bigint)': sequence('bigint_step'),
  'sequence(date, date) array(date)': sequence('date'),
  'sequence(date, date, interval day to second) array(date)': sequence('date_step'),
  'sequence(date, date, interval year to month) array(date)': sequence('date_months'),
  'sequence(timestamp(p), timestamp(p), interval day to second) array(timestamp(p))': sequence('timestamp_step'),
  'sequence(timestamp(p), timestamp(p), interval year to month) array(timestamp(p))': sequence('timestamp_months'),
  'shuffle(array(t)) array(t)': "list_transform(list_sort(list_transform($1, lambda x: {'r': random(), 'x': x})), lambda e: e.x)",
  'slice(array(t), bigint, bigint) array(t)': 't_slice($1, $2, $3)',
  'transform(array(t), function(t, u)) array(u)': 'list_transform($1, $2)',
  'trim_array(array(t), bigint) array(t)': 't_trim_array($1, $2)',
  'zip_with(array(t), array(u), function(t, u, r)) array(r)': ({ args }) => {
    const [, parameters, body] = /^lambda ([^:]*): ([\s\S]*)$/.exec(args[2]!)!
    const [a, b] = parameters!.split(', ') as [string, string]
    const rename = body!
      .replaceAll(new RegExp(`\\b${a}\\b`, 'g'), `${a}_[1]`)
      .replaceAll(new RegExp(`\\b${b}\\b`, 'g'), `${a}_[2]`)
    return `list_transform(list_zip(${args[0]}, ${args[1]}), lambda ${a}_: ${rename})`
  },
  ...zips,
}

function join({ args, types }: Emission): string {
  const element = (types[0] as Type & { kind: 'array' }).element
  const text = 'double|real'.includes(element.kind)
    ? 't_scientific(x)'
    : element.kind === 'timestamp'
      ? "strftime(x, '%Y-%m-%d %H:%M:%S.%g')"
      : 'CAST(x AS VARCHAR)'
  const list = `list_transform(${args[0]}, lambda x: ${args[2] ? `coalesce(${text}, ${args[2]})` : text})`
  return `array_to_string(${list}, ${args[1]})`
}

/** A comparator is applied by counting, for each element, how many come before it: right for any consistent comparator. */
function sortBy({ args }: Emission): string {
  const [, parameters, body] = /^lambda ([^:]*): ([\s\S]*)$/.exec(args[1]!)!
  const [a, b] = parameters!.split(', ') as [string, string]
  const order = `t_comparison(${body})`
  const rank = `len(list_filter(${args[0]}, lambda ${b}, ${b}_i: ${order} > 0 OR (${order} = 0 AND ${b}_i < ${a}_i)))`
  return `list_transform(list_sort(list_transform(${args[0]}, lambda ${a}, ${a}_i: {'r': ${rank}, 'x': ${a}})), lambda e: e.x)`
}

function combinations({ args, literals, fail }: Emission): string {
  const size = Number(literals[1] ?? NaN)
  if (!(size >= 0 && size <= 5)) fail('INVALID_FUNCTION_ARGUMENT', 'combination size must not be negative or greater than 5')
  if (size === 0) return `CASE WHEN ${args[0]} IS NOT NULL THEN [list_slice(${args[0]}, 1, 0)] END`
  const pick = Array.from({ length: size }, (_, i) => `l[i${i}]`).join(', ')
  let sql = `[[${pick}]]`
  for (let i = size - 1; i >= 0; i--) {
    const from = i ? `i${i - 1} + 1` : '1'
    sql = `flatten(list_transform(range(${from}, len(l) + 1), lambda i${i}: ${sql}))`
  }
  // Trino lists them by the last position first.
  const ordered = `list_transform(list_sort(list_transform(${sql.replace(`[[${pick}]]`, `[{'k': [${Array.from({ length: size }, (_, i) => `i${size - 1 - i}`).join(', ')}], 'v': [${pick}]}]`)}, lambda c: c)), lambda c: c.v)`
  return `list_transform([${args[0]}], lambda l: ${ordered})[1]`
}

export const mapFunctions: FunctionTable = {
  'map() map(t, u)': 'map([], [])',
  'map(array(k), array(v)) map(k, v)': 't_map($1, $2)',
  'map_from_entries(array(row(k, v))) map(k, v)': ({ args, types }) => {
    const fields = ((types[0] as Type & { kind: 'array' }).element as Type & { kind: 'row' }).fields
    const [k, v] = fields.map((field, i) => field.name ?? `field${i}`)
    return `t_map(list_transform(${args[0]}, lambda e: e."${k}"), list_transform(${args[0]}, lambda e: e."${v}"))`
  },
  'multimap_from_entries(array(row(k, v))) map(k, array(v))': ({ args, types }) => {
    const fields = ((types[0] as Type & { kind: 'array' }).element as Type & { kind: 'row' }).fields
    const [k, v] = fields.map((field, i) => field.name ?? `field${i}`)
    return `t_multimap(list_transform(${args[0]}, lambda e: {'k': e."${k}", 'v': e."${v}"}))`
  },
  'map_entries(map(k, v)) array(row(k, v))': "list_transform(map_entries($1), lambda e: {'field0': e.key, 'field1': e.value})",
  'map_keys(map(k, v)) array(k)': 'map_keys($1)',
  'map_values(map(k, v)) array(v)': 'map_values($1)',
  'map_concat(map(k, v), map(k, v)…) map(k, v)': 'map_concat($*)',
  'map_filter(map(k, v), function(k, v, boolean)) map(k, v)': ({ args }) =>
    overEntries(args, (name, body) => `list_filter(ENTRIES, lambda ${name}: ${body})`),
  'transform_keys(map(k, v), function(k, v, r)) map(r, v)': ({ args }) =>
    overEntries(args, (name, body) => `list_transform(ENTRIES, lambda ${name}: {'key': ${body}, 'value': ${name}.value})`),
  'transform_values(map(k, v), function(k, v, r)) map(k, r)': ({ args }) =>
    overEntries(args, (name, body) => `list_transform(ENTRIES, lambda ${name}: {'key': ${name}.key, 'value': ${body}})`),
  'map_zip_with(map(k, a), map(k, b), function(k, a, b, r)) map(k, r)': ({ args }) => {
    const { name, body } = entryLambda(args[2]!, ['k', 'a', 'b'])
    const keys = `list_concat(map_keys(${args[0]}), list_filter(map_keys(${args[1]}), lambda q: NOT list_contains(map_keys(${args[0]}), q)))`
    const rows = `list_transform(${keys}, lambda q: {'k': q, 'a': ${args[0]}[q], 'b': ${args[1]}[q]})`
    return `map_from_entries(list_transform(${rows}, lambda ${name}: {'key': ${name}.k, 'value': ${body}}))`
  },
}
