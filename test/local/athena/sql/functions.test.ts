import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findFunction, functionNames } from '../../../../lib/local/athena/sql/functions/registry.ts'
import type { TypeNode } from '../../../../lib/local/athena/sql/parse/ast.ts'
import { QueryError } from '../../../../lib/local/athena/sql/error.ts'
import { openEngine, type Engine } from './engine.ts'

/** Literals that some functions insist on. */
const FORMATS: Record<string, string> = { format_datetime: 'yyyy', parse_datetime: 'yyyy', date_format: '%Y', date_parse: '%Y' }
const LETTERS: Record<string, string> = { x: '5', p: '10', s: '2', q: '10', w: '10' }

/** A type's text with its variables filled in. */
function typeText(node: TypeNode): string {
  const name = /^[a-z]$/.test(node.name) ? (node.name === 'k' ? 'varchar' : 'integer') : node.name
  const sizes = node.arguments.map(argument =>
    typeof argument === 'string'
      ? argument
      : /^[a-z]$/.test(argument.name) && !['array', 'map', 'row'].includes(node.name)
        ? (LETTERS[argument.name] ?? '3')
        : typeText(argument),
  )
  const precision = node.name.startsWith('time') ? '3' : undefined
  if (precision) return node.name.replace(/^(timestamp|time)/, `$1(${precision})`)
  return sizes.length ? `${name}(${sizes.join(', ')})` : name
}

/** An argument of a parameter's type: a typed NULL, or a lambda that gives NULL. */
function argument(node: TypeNode, index: number, name: string): string {
  if (node.name === 'function') {
    const names = node.arguments.slice(0, -1).map((_, i) => `p${i}`)
    return `(${names.join(', ')}) -> cast(NULL AS ${typeText(node.arguments.at(-1) as TypeNode)})`
  }
  if (name === 'normalize' && index === 1) return 'NFC'
  if (index === 1 && FORMATS[name]) return `'${FORMATS[name]}'`
  if (index === 0 && /^date_(trunc|add|diff)$/.test(name)) return "'hour'"
  if (
    /^(lag|lead|nth_value|ntile|max|min|max_by|min_by|combinations)$/.test(name) &&
    typeText(node) === 'bigint' &&
    (index > 0 || name === 'ntile')
  )
    return '2'
  if (name === 'approx_percentile' && index > 0)
    return typeText(node).startsWith('array') ? 'ARRAY[0.5]' : typeText(node) === 'double' ? '0.5' : '1'
  return `cast(NULL AS ${typeText(node)})`
}

let engine: Engine
beforeAll(async () => {
  engine = await openEngine()
})
afterAll(() => engine.close())

describe('every overload of every function runs in DuckDB', () => {
  const overloads = functionNames().flatMap(name =>
    findFunction(name)!.signatures.map(signature => ({ ...signature, kind: findFunction(name)!.kind })),
  )
  it.each(overloads.map(overload => [overload.text, overload] as const))('%s', async (_, { name, parameters, kind }) => {
    const unit = /^date_(trunc|add|diff)$/.test(name) && parameters.at(-1)!.name === 'date'
    const args = parameters.map((parameter, i) => (unit && i === 0 ? "'day'" : argument(parameter, i, name))).join(', ')
    const within = name === 'listagg' ? ' WITHIN GROUP (ORDER BY 1)' : ''
    const call = `${name}(${name === 'count' && !args ? '*' : args})${within}${kind === 'window' ? ' OVER (ORDER BY 1)' : ''}`
    const outcome = await engine.ask(`SELECT ${call}`).then(
      () => 'rows',
      (error: unknown) => (error instanceof QueryError ? error.code : String(error)),
    )
    expect(['rows', 'INVALID_FUNCTION_ARGUMENT']).toContain(outcome)
  })
})
