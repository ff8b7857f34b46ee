import type { TypeNode } from '../parse/ast.ts'
import { TypeParser } from '../parse/type-parser.ts'
import { asDecimal, coercible, commonType, isInteger, isNumeric } from '../types/coerce.ts'
import { resolveType } from '../types/resolve.ts'
import { UNKNOWN, VARCHAR, sameType, type Type } from '../types/types.ts'

/** What an emitter gets to write a call's SQL. */
export interface Emission {
  /** SQL of the arguments, already turned into the parameters' types. A lambda is `lambda a, b: …`. */
  args: string[]
  /** The parameters' types after binding. */
  types: Type[]
  result: Type
  /** The text of string and number literals among the arguments. */
  literals: (string | undefined)[]
  /** Ends the translation with an error at the call. */
  fail(code: string, message: string): never
}

/** SQL with `$1`, `$2`, … for the arguments and `$*` for all of them, or a function that writes it. In aggregates `{…}` marks the aggregate call
 *  itself: DISTINCT, ORDER BY, FILTER and OVER are put there. */
export type Template = string | ((emission: Emission) => string)

/** Signatures as Trino documents them (`lpad(varchar, bigint, varchar) varchar`; single letters stand for any type or size; `…` after the last
 *  parameter: one or more of it) and the SQL they become. */
export type FunctionTable = Record<string, Template>

export interface Signature {
  text: string
  name: string
  parameters: TypeNode[]
  variadic: boolean
  result: TypeNode
  template: Template
}

/** Type variables and sizes of one call. */
export type Bindings = Map<string, Type | number>

class SignatureParser extends TypeParser {
  signature(): Omit<Signature, 'text' | 'template'> {
    const name = this.take().text.toLowerCase()
    this.expect('(')
    const parameters = this.isSymbol(')') ? [] : this.list(() => this.type())
    const variadic = this.accept('*')
    this.expect(')')
    return { name, parameters, variadic, result: this.type() }
  }
}

/** Reads one line of a table. */
export function readSignature(text: string, template: Template): Signature {
  return { ...new SignatureParser(text.replace('…', '*')).signature(), text, template }
}

const isVariable = (node: TypeNode) => /^[a-z]$/.test(node.name) && !node.arguments.length

/** How far `type` is from a parameter: 0 exact, more with each coercion, undefined when it does not fit. Binds variables on the way. */
export function distance(parameter: TypeNode, type: Type, bindings: Bindings): number | undefined {
  if (isVariable(parameter)) return bindVariable(parameter.name, type, bindings)
  if (type.kind === 'unknown') return 1
  const sizes = parameter.arguments.map(argument =>
    typeof argument === 'object' && isVariable(argument) ? argument.name : undefined,
  )
  switch (parameter.name) {
    case 'array':
      if (type.kind !== 'array') return undefined
      return distance(parameter.arguments[0] as TypeNode, type.element, bindings)
    case 'map': {
      if (type.kind !== 'map') return undefined
      const key = distance(parameter.arguments[0] as TypeNode, type.key, bindings)
      const value = distance(parameter.arguments[1] as TypeNode, type.value, bindings)
      return key === undefined || value === undefined ? undefined : key + value
    }
    case 'row':
      if (type.kind !== 'row' || type.fields.length !== parameter.arguments.length) return undefined
      return type.fields.reduce<number | undefined>((sum, field, i) => {
        const next = distance(parameter.arguments[i] as TypeNode, field.type, bindings)
        return sum === undefined || next === undefined ? undefined : sum + next
      }, 0)
    case 'varchar':
    case 'char':
      return textDistance(parameter, sizes[0], type, bindings)
    case 'decimal':
      return decimalDistance(sizes, type, bindings)
    case 'timestamp':
    case 'time':
    case 'timestamp with time zone':
    case 'time with time zone':
      if (!sizes[0]) break
      return timeDistance(parameter.name, sizes[0], type, bindings)
  }
  const wanted = resolveType(parameter)
  if (!wanted) return undefined
  if (sameType(wanted, type)) return 0
  return coercible(type, wanted) ? numericGap(type, wanted) : undefined
}

function bindVariable(name: string, type: Type, bindings: Bindings): number | undefined {
  const bound = bindings.get(name) as Type | undefined
  if (!bound) {
    bindings.set(name, type)
    return 0
  }
  const common = commonType(bound, type)
  if (!common) return undefined
  bindings.set(name, common)
  return sameType(bound, type) ? 0 : 1
}

function textDistance(
  { name, arguments: sizes }: TypeNode,
  size: string | undefined,
  type: Type,
  bindings: Bindings,
): number | undefined {
  if (type.kind === 'char' || type.kind === 'varchar') {
    if (name === 'char' && type.length === undefined) return undefined
    if (typeof sizes[0] === 'string' && (type.length ?? Infinity) > Number(sizes[0])) return undefined
    if (size) bindings.set(size, Math.max((bindings.get(size) as number | undefined) ?? 0, type.length ?? Infinity))
    return type.kind === name ? 0 : 1
  }
  return undefined
}

function decimalDistance(sizes: (string | undefined)[], type: Type, bindings: Bindings): number | undefined {
  const decimal = asDecimal(type)
  if (!decimal) return undefined
  const [p, s] = sizes
  if (p) bindings.set(p, Math.max((bindings.get(p) as number | undefined) ?? 0, decimal.precision))
  if (s) bindings.set(s, Math.max((bindings.get(s) as number | undefined) ?? 0, decimal.scale))
  // For results: q has room for a carry, w is the whole part with a carry.
  bindings.set('q', Math.min(38, decimal.precision + 1))
  bindings.set('w', Math.min(38, decimal.precision - decimal.scale + Math.min(decimal.scale, 1)))
  return type.kind === 'decimal' ? 0 : numericGap(type, { kind: 'double' }) - 1.5
}

function timeDistance(name: string, size: string, type: Type, bindings: Bindings): number | undefined {
  const precision = 'precision' in type && type.kind !== 'decimal' ? type.precision : 0
  bindings.set(size, Math.max((bindings.get(size) as number | undefined) ?? 0, precision))
  if (type.kind === name) return 0
  const rank = ['date', 'timestamp', 'timestamp with time zone']
  const gap = rank.indexOf(name) - rank.indexOf(type.kind)
  return rank.includes(type.kind) && rank.includes(name) && gap > 0 ? gap : undefined
}

function numericGap(from: Type, to: Type): number {
  if (!isNumeric(from) || !isNumeric(to)) return 1
  const order = ['tinyint', 'smallint', 'integer', 'bigint', 'decimal', 'real', 'double']
  const gap = order.indexOf(to.kind) - order.indexOf(from.kind)
  return to.kind === 'double' && !isInteger(from) ? 1 : gap
}

/** A parameter's or result's type with its variables filled in; a variable that nothing bound is `unknown`. */
export function instantiate(node: TypeNode, bindings: Bindings): Type {
  if (isVariable(node)) return (bindings.get(node.name) as Type | undefined) ?? UNKNOWN
  const size = (index: number) => {
    const argument = node.arguments[index]
    if (argument === undefined) return undefined
    return typeof argument === 'string'
      ? Number(argument)
      : isVariable(argument)
        ? (bindings.get(argument.name) as number | undefined)
        : undefined
  }
  const inner = (index: number) => instantiate(node.arguments[index] as TypeNode, bindings)
  switch (node.name) {
    case 'array':
      return { kind: 'array', element: inner(0) }
    case 'map':
      return { kind: 'map', key: inner(0), value: inner(1) }
    case 'row':
      return { kind: 'row', fields: node.arguments.map((_, i) => ({ name: node.fieldNames?.[i], type: inner(i) })) }
    case 'function': {
      const types = node.arguments.map((_, i) => inner(i))
      return { kind: 'function', parameters: types.slice(0, -1), result: types.at(-1)! }
    }
    case 'varchar': {
      const length = size(0)
      return length === undefined || length === Infinity ? VARCHAR : { kind: 'varchar', length }
    }
    case 'char': {
      const length =
        size(0) ?? ((bindings.get('x') as number | undefined) ?? 0) + ((bindings.get('y') as number | undefined) ?? 1)
      return { kind: 'char', length }
    }
    case 'decimal':
      return { kind: 'decimal', precision: Math.min(38, size(0) ?? 38), scale: size(1) ?? 0 }
    case 'timestamp':
    case 'time':
    case 'timestamp with time zone':
    case 'time with time zone':
      return { kind: node.name, precision: size(0) ?? 3 }
    default:
      return resolveType(node) ?? UNKNOWN
  }
}
