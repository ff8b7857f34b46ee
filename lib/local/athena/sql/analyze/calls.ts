import { coerceSql } from '../generate/cast.ts'
import { once } from '../generate/once.ts'
import { findFunction } from '../functions/registry.ts'
import { distance, instantiate, type Bindings, type Signature } from '../functions/signature.ts'
import type { Call, Expression } from '../parse/ast.ts'
import { isOrderable } from '../types/coerce.ts'
import { typeName, type Type } from '../types/types.ts'
import { combine, queryError, type Analysis, type Scope, type Value } from './scope.ts'
import { orderSql, overSql } from './windows.ts'

/** An argument before its type is known: lambdas wait for the types of the others. */
type Argument = Value | { lambda: Expression & { kind: 'lambda' }; scope: Scope }
const isLambda = (argument: Argument): argument is { lambda: Expression & { kind: 'lambda' }; scope: Scope } =>
  'lambda' in argument

interface Match {
  signature: Signature
  bindings: Bindings
  cost: number
  args: Value[]
}

/** `{sum($1)}` of a template, or `{list($1)|condition}`. */
const AGGREGATE_CALL = /\{(\w+)\(((?:[^{}]|\{[^{}]*\})*?)\)(?:\|((?:[^{}]|\{[^{}]*\})*))?\}/g

/** A call of an ordinary function: finds the overload by the arguments' types, as Trino does. */
export function call(analysis: Analysis, node: Call, scope: Scope): Value {
  const found = findFunction(node.name)
  if (!found) {
    for (const argument of node.arguments) toArgument(analysis, argument, scope)
    throw queryError(analysis, 'FUNCTION_NOT_FOUND', `Function '${node.name}' not registered`, node.at)
  }
  const aggregate = found.kind === 'aggregate'
  if (found.kind === 'window' && !node.over)
    throw queryError(analysis, 'MISSING_OVER', `Window function ${node.name} requires an OVER clause`, node.at)
  checkClauses(analysis, node, found.kind, scope)
  const inner: Scope = aggregate && !node.over ? { ...scope, insideAggregate: true, groups: undefined } : scope
  const args = node.arguments.map(argument => toArgument(analysis, argument, inner))
  if (node.over || aggregate) checkNesting(analysis, node, args)
  const match = findOverload(analysis, node.name, found.signatures, args, node.at)
  const parts = match.args
  checkOrderable(analysis, node, match)
  const order = node.orderBy.map(item => ({ item, value: analysis.expression(item.value, inner) }))
  const filter = node.filter && analysis.expression(node.filter, inner)
  if (filter && filter.type.kind !== 'boolean' && filter.type.kind !== 'unknown')
    throw queryError(
      analysis,
      'TYPE_MISMATCH',
      `Filter expression must be of type boolean, actual type: ${typeName(filter.type)}`,
      node.filter!.at,
    )
  const over = node.over && overSql(analysis, node.over, scope)
  if (over && !over.ordered && /^(lag|lead)$/.test(node.name))
    throw queryError(analysis, 'MISSING_ORDER_BY', `${node.name} function requires an ORDER BY window clause`, node.over!.at)
  const sql = emit(analysis, match, node.at, found.kind === 'scalar', text => {
    if (found.kind === 'scalar') return text
    return text.replace(AGGREGATE_CALL, (_, name: string, inside: string, only: string | undefined) =>
      aggregateSql(node, name, inside, only, order, filter, over?.sql),
    )
  })
  const value = combine(scope, sql, instantiate(match.signature.result, match.bindings), [...parts, ...(over?.values ?? [])])
  if (node.over) value.window = node
  else if (aggregate) {
    value.aggregate = node
    delete value.ungrouped
  }
  return value
}

function aggregateSql(
  node: Call,
  name: string,
  inside: string,
  only: string | undefined,
  order: { item: Call['orderBy'][number]; value: Value }[],
  filter: Value | undefined,
  over: string | undefined,
): string {
  const nulls = node.ignoreNulls ? ' IGNORE NULLS' : ''
  const by = order.length ? ` ORDER BY ${order.map(({ item, value }) => orderSql(value.sql, item)).join(', ')}` : ''
  const conditions = [only, filter?.sql].filter(Boolean).join(' AND ')
  const where = conditions ? ` FILTER (WHERE ${conditions})` : ''
  return `${name}(${node.distinct ? 'DISTINCT ' : ''}${inside}${by}${nulls})${where}${over ? ` OVER ${over}` : ''}`
}

function checkClauses(analysis: Analysis, node: Call, kind: string, scope: Scope): void {
  const fail = (code: string, message: string, at = node.at): never => {
    throw queryError(analysis, code, message, at)
  }
  if (kind === 'scalar') {
    if (node.over) fail('FUNCTION_NOT_WINDOW', `Function ${node.name} is not a window function`, scope.selectAt)
    if (node.distinct) fail('FUNCTION_NOT_AGGREGATE', `DISTINCT is not supported for non-aggregation functions`)
    if (node.filter) fail('FUNCTION_NOT_AGGREGATE', `Filter is only valid for aggregation functions`)
    if (node.orderBy.length) fail('FUNCTION_NOT_AGGREGATE', 'ORDER BY is only valid for aggregation functions')
  } else if (scope.scalarOnly) {
    const text = analysis.sql.slice(node.at, node.end)
    fail(
      'EXPRESSION_NOT_SCALAR',
      `${scope.scalarOnly.clause} cannot contain aggregations, window functions or grouping operations: [${text}]`,
      scope.scalarOnly.at,
    )
  }
  if (node.star && node.name !== 'count') fail('FUNCTION_NOT_FOUND', `Unexpected parameters (*) for function ${node.name}`)
  if (node.over && node.filter) fail('NOT_SUPPORTED', 'FILTER is not yet supported for window functions', scope.selectAt)
  if (node.over && scope.windowless)
    fail('NESTED_WINDOW', `${scope.windowless} cannot contain window functions or row pattern measures`)
}

/** max(map) and the like: there is no such overload. */
function checkOrderable(analysis: Analysis, node: Call, { args, signature }: Match): void {
  const compared = /^(max|min)$/.test(node.name) ? args[0] : /^(max|min)_by$/.test(node.name) ? args[1] : undefined
  if (!compared || isOrderable(compared.type)) return
  const types = args.map(value => typeName(value.type)).join(', ')
  throw queryError(
    analysis,
    'FUNCTION_NOT_FOUND',
    `Unexpected parameters (${types}) for function ${node.name}. Expected: ${signature.text}`,
    node.at,
  )
}

function checkNesting(analysis: Analysis, node: Call, args: Argument[]): void {
  for (const argument of args) {
    if (isLambda(argument)) continue
    if (node.over && argument.window)
      throw queryError(
        analysis,
        'NESTED_WINDOW',
        `Cannot nest window functions or row pattern measures inside window function '${node.name}' arguments`,
        argument.window.at,
      )
    if (node.over || !(argument.aggregate ?? argument.window)) continue
    const message = `Cannot nest ${argument.aggregate ? 'aggregations' : 'window functions'} inside aggregation '${node.name}'`
    throw queryError(analysis, argument.aggregate ? 'NESTED_AGGREGATION' : 'NESTED_WINDOW', message, node.at)
  }
}

function toArgument(analysis: Analysis, node: Expression, scope: Scope): Argument {
  return node.kind === 'lambda' ? { lambda: node, scope } : analysis.expression(node, scope)
}

/** A call of `name` on analysed arguments: for operators that are functions. */
export function resolveCall(analysis: Analysis, name: string, args: Value[], at: number, scope: Scope): Value {
  const match = findOverload(analysis, name, findFunction(name)!.signatures, args, at)
  const sql = emit(analysis, match, at, true)
  return combine(scope, sql, instantiate(match.signature.result, match.bindings), match.args)
}

function findOverload(analysis: Analysis, name: string, signatures: Signature[], args: Argument[], at: number): Match {
  // `'a' || NULL`: Trino takes the NULL for an array.
  if (
    name === 'concat' &&
    args.length === 2 &&
    args.filter(argument => !isLambda(argument) && argument.type.kind === 'unknown').length === 1
  )
    signatures = [...signatures].sort((a, b) => Number(b.text.includes('array')) - Number(a.text.includes('array')))
  let best: Match | undefined
  for (const signature of signatures) {
    const match = fit(analysis, signature, args)
    if (match && (!best || match.cost < best.cost)) best = match
    if (best?.cost === 0) break
  }
  if (best) return best
  const types = args.map(argument => (isLambda(argument) ? 'function' : typeName(argument.type))).join(', ')
  const expected = signatures.map(signature => signature.text.slice(0, signature.text.indexOf(')') + 1)).join(', ')
  throw queryError(
    analysis,
    'FUNCTION_NOT_FOUND',
    `Unexpected parameters (${types}) for function ${name}. Expected: ${expected}`,
    at,
  )
}

function parameterAt(signature: Signature, index: number) {
  return signature.parameters[Math.min(index, signature.parameters.length - 1)]!
}

function fit(analysis: Analysis, signature: Signature, args: Argument[]): Match | undefined {
  const { parameters, variadic } = signature
  if (variadic ? args.length < parameters.length : args.length !== parameters.length) return undefined
  const bindings: Bindings = new Map()
  let cost = 0
  for (const [i, argument] of args.entries()) {
    const parameter = parameterAt(signature, i)
    if (isLambda(argument) !== (parameter.name === 'function')) return undefined
    if (isLambda(argument)) continue
    const gap = distance(parameter, argument.type, bindings)
    if (gap === undefined) return undefined
    cost += gap
  }
  const values: Value[] = []
  for (const [i, argument] of args.entries()) {
    const value = isLambda(argument) ? lambdaValue(analysis, signature, i, argument, bindings) : argument
    if (!value) return undefined
    values.push(value)
  }
  return { signature, bindings, cost, args: values }
}

/** Analyses a lambda with the parameter types that the other arguments gave, and binds its result. */
function lambdaValue(
  analysis: Analysis,
  signature: Signature,
  index: number,
  { lambda, scope }: Exclude<Argument, Value>,
  bindings: Bindings,
): Value | undefined {
  const parameter = parameterAt(signature, index)
  const types = parameter.arguments.map(argument => argument as Exclude<typeof argument, string>)
  // By depth, not by a counter: the same text must give the same SQL, or GROUP BY would not find it.
  const names = lambda.parameters.map((_, i) => `lambda_${scope.lambdas.size}_${i}`)
  if (types.length - 1 !== names.length)
    throw queryError(
      analysis,
      'INVALID_PARAMETER_USAGE',
      `Expected a lambda that takes ${types.length - 1} argument(s) but got ${names.length}`,
      lambda.at,
    )
  const lambdas = new Map(scope.lambdas)
  lambda.parameters.forEach(({ name }, i) =>
    lambdas.set(name.toLowerCase(), { sql: names[i]!, type: instantiate(types[i]!, bindings) }),
  )
  const body = analysis.expression(lambda.body, { ...scope, lambdas })
  const wanted = types.at(-1)!
  if (body.type.kind === 'unknown' && wanted.name === 'boolean') return undefined
  if (distance(wanted, body.type, bindings) === undefined) return undefined
  const result = instantiate(wanted, bindings)
  const type: Type = { kind: 'function', parameters: [], result }
  return { ...body, sql: `lambda ${names.join(', ') || 'lp0'}: ${coerceSql(body.sql, body.type, result)}`, type }
}

/** The SQL of a call. Arguments are put in last, in place of marks, so that nothing in their text is taken for a part of the template;
 *  `finish` gets the text with the marks. */
function emit(
  analysis: Analysis,
  { signature, bindings, args }: Match,
  at: number,
  scalar: boolean,
  finish = (sql: string) => sql,
): string {
  const lambda = (value: Value) => value.type.kind === 'function'
  const types = args.map((value, i) => (lambda(value) ? value.type : instantiate(parameterAt(signature, i), bindings)))
  const marks = args.map((value, i) => (lambda(value) ? value.sql : `\u0006${i}\u0006`))
  const { template } = signature
  const emission = {
    args: marks,
    types,
    result: instantiate(signature.result, bindings),
    literals: args.map(value => value.literal),
    fail: (code: string, message: string): never => {
      throw queryError(analysis, code, message, at)
    },
  }
  const text = finish(typeof template === 'string' ? fillTemplate(template, marks) : template(emission))
  const given = args.map((value, i) => coerceSql(value.sql, value.type, types[i]!))
  if (!scalar || isPlain(text)) return filled(text, given)
  return named(given, args.map(lambda), names => filled(text, names))
}

const filled = (text: string, values: string[]) => text.replace(/\u0006(\d+)\u0006/g, (_, index) => values[Number(index)]!)

/** Whether each argument stands once in the text, and no macro repeats it. */
function isPlain(text: string): boolean {
  const marks = text.match(/\u0006\d+\u0006/g) ?? []
  return new Set(marks).size === marks.length && !/\bt_(?!js_)|CASE/.test(text)
}

/** Gives long arguments a name, one after the other; lambdas stay where they are. */
function named(values: string[], fixed: boolean[], use: (names: string[]) => string, from = 0): string {
  if (from === values.length) return use(values)
  const rest = (value: string) => named(values.with(from, value), fixed, use, from + 1)
  return fixed[from] ? rest(values[from]!) : once(values[from]!, rest)
}

function fillTemplate(template: string, args: string[]): string {
  if (!template.includes('$')) return template
  return template.replace(/\$(\d|\*|\|\|)/g, (_, what: string) =>
    what === '*' ? args.join(', ') : what === '||' ? args.join(' || ') : args[Number(what) - 1]!,
  )
}
