import { JsonNumber, readPath, type Condition, type Path, type PathQuery } from './json-path.ts'
import { javaNumber, scientific } from './texts.ts'

/** JSON_EXISTS, JSON_VALUE and JSON_QUERY of standard SQL. */

/** What goes wrong while a path is followed; the ON ERROR clause decides what becomes of it. */
class PathError extends Error {
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}
const structural = (what: string) => new PathError('PATH_EVALUATION_ERROR', `path evaluation failed: ${what}`)

const paths = new Map<string, PathQuery>()
function pathOf(text: string): PathQuery {
  let query = paths.get(text)
  if (!query) {
    query = readPath(text)
    if (!query) throw new Error(`\u00a1INVALID_PATH: invalid JSON path: ${text}`)
    if (paths.size > 1000) paths.clear()
    paths.set(text, query)
  }
  return query
}

function read(text: string): unknown {
  try {
    return JSON.parse(text, (_, item, context?: { source?: string }) =>
      typeof item === 'number' ? new JsonNumber(context?.source ?? String(item)) : item,
    )
  } catch {
    throw new PathError('JSON_INPUT_CONVERSION_ERROR', 'conversion to JSON failed: ')
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value) && !(value instanceof JsonNumber)
const whole = (number: JsonNumber) => /^-?\d+$/.test(number.text)
const numberText = (number: JsonNumber) => (whole(number) ? number.text : javaNumber(Number(number.text)))

/** A value as JSON text. */
function written(value: unknown): string {
  if (value instanceof JsonNumber) return numberText(value)
  if (Array.isArray(value)) return `[${value.map(written).join(',')}]`
  if (isObject(value))
    return `{${Object.entries(value)
      .map(([key, item]) => `${JSON.stringify(key)}:${written(item)}`)
      .join(',')}}`
  return JSON.stringify(value)
}

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (value instanceof JsonNumber) return 'number'
  return typeof value
}

interface Around {
  strict: boolean
  context: unknown
  current?: unknown
  /** Index of the last element of the array that a subscript stands in. */
  last?: number
}

/** The items that a path finds. */
function find(path: Path, around: Around): unknown[] {
  switch (path.kind) {
    case 'context':
      return [around.context]
    case 'current':
      return [around.current]
    case 'last':
      return [new JsonNumber(String(around.last ?? -1))]
    case 'empty':
      return []
    case 'literal':
      return [path.value]
    case 'member':
      return find(path.base, around).flatMap(value => members(path, value, around.strict))
    case 'element':
      return find(path.base, around).flatMap(value => elements(path, value, around))
    case 'filter':
      return unwrapped(find(path.base, around), around.strict).filter(
        value => holds(path.condition, { ...around, current: value }) === true,
      )
    case 'method':
      return find(path.base, around).flatMap(value => method(path.name, value, around.strict))
    case 'sign':
      return unwrapped(find(path.value, around), around.strict).map(value =>
        path.operator === '-' ? calculate('-', new JsonNumber('0'), value) : value,
      )
    case 'binary': {
      const [left, right] = [path.left, path.right].map(side => unwrapped(find(side, around), around.strict))
      if (left!.length !== 1 || right!.length !== 1) throw structural('arithmetic binary expression requires singleton operands')
      return [calculate(path.operator, left![0], right![0])]
    }
  }
}

const unwrapped = (values: unknown[], strict: boolean) =>
  strict ? values : values.flatMap(value => (Array.isArray(value) ? value : [value]))

function members(step: Path & { kind: 'member' }, value: unknown, strict: boolean): unknown[] {
  if (step.descend) return descendants(value, step.key)
  if (Array.isArray(value) && !strict) return value.flatMap(item => (Array.isArray(item) ? [] : members(step, item, strict)))
  if (!isObject(value)) {
    if (strict) throw structural(`structural error: invalid item type. Expected: OBJECT, actual: ${typeOf(value).toUpperCase()}`)
    return []
  }
  if (step.key === undefined) return Object.values(value)
  if (Object.hasOwn(value, step.key)) return [value[step.key]]
  if (strict) throw structural(`structural error: missing member '${step.key}' in JSON object`)
  return []
}

function descendants(value: unknown, key: string | undefined): unknown[] {
  if (Array.isArray(value)) return value.flatMap(item => descendants(item, key))
  if (!isObject(value)) return []
  const own = key === undefined ? Object.values(value) : Object.hasOwn(value, key) ? [value[key]] : []
  return [...own, ...Object.values(value).flatMap(item => descendants(item, key))]
}

function elements(step: Path & { kind: 'element' }, value: unknown, around: Around): unknown[] {
  if (!Array.isArray(value) && around.strict)
    throw structural(`structural error: invalid item type. Expected: ARRAY, actual: ${typeOf(value).toUpperCase()}`)
  const list: unknown[] = Array.isArray(value) ? value : [value]
  if (!step.subscripts) return list
  const index = (path: Path) => {
    const [found] = find(path, { ...around, last: list.length - 1 })
    if (!(found instanceof JsonNumber)) throw structural('array subscript is not a number')
    return Math.trunc(Number(found.text))
  }
  return step.subscripts.flatMap(({ from, to }) => {
    const [first, final] = [index(from), to ? index(to) : index(from)]
    if (around.strict && (first < 0 || final >= list.length || first > final))
      throw structural(`structural error: invalid array subscript: [${first}, ${final}] for array of size ${list.length}`)
    return list.slice(Math.max(0, first), final + 1)
  })
}

function method(name: string, value: unknown, strict: boolean): unknown[] {
  if (name === 'type') return [typeOf(value)]
  if (name === 'size') {
    if (strict && !Array.isArray(value))
      throw structural(`structural error: invalid item type. Expected: ARRAY, actual: ${typeOf(value).toUpperCase()}`)
    return [new JsonNumber(String(Array.isArray(value) ? value.length : 1))]
  }
  if (Array.isArray(value) && !strict) return value.flatMap(item => method(name, item, strict))
  if (name === 'keyvalue') {
    if (!isObject(value)) throw structural(`invalid item type. Expected: OBJECT, actual: ${typeOf(value).toUpperCase()}`)
    return Object.entries(value).map(([key, item]) => ({ name: key, value: item, id: new JsonNumber('0') }))
  }
  const number =
    name === 'double' && typeof value === 'string' ? Number(value) : value instanceof JsonNumber ? Number(value.text) : NaN
  if (Number.isNaN(number)) throw structural(`invalid item type. Expected: NUMBER, actual: ${typeOf(value).toUpperCase()}`)
  if (name === 'double') return [new JsonNumber(javaNumber(number))]
  const result = name === 'abs' ? Math.abs(number) : name === 'floor' ? Math.floor(number) : Math.ceil(number)
  return [value instanceof JsonNumber && whole(value) ? new JsonNumber(String(result)) : new JsonNumber(javaNumber(result))]
}

function calculate(operator: string, left: unknown, right: unknown): JsonNumber {
  if (!(left instanceof JsonNumber && right instanceof JsonNumber))
    throw structural('invalid operand types to arithmetic operator')
  if (whole(left) && whole(right)) {
    const [a, b] = [BigInt(left.text), BigInt(right.text)]
    if (b === 0n && (operator === '/' || operator === '%')) throw structural('Division by zero')
    return new JsonNumber(
      String(operator === '+' ? a + b : operator === '-' ? a - b : operator === '*' ? a * b : operator === '/' ? a / b : a % b),
    )
  }
  const [a, b] = [Number(left.text), Number(right.text)]
  return new JsonNumber(
    javaNumber(operator === '+' ? a + b : operator === '-' ? a - b : operator === '*' ? a * b : operator === '/' ? a / b : a % b),
  )
}

/** Whether a condition holds; undefined: unknown. */
function holds(condition: Condition, around: Around): boolean | undefined {
  switch (condition.kind) {
    case 'and': {
      const [left, right] = [holds(condition.left, around), holds(condition.right, around)]
      return left === false || right === false ? false : left && right
    }
    case 'or': {
      const [left, right] = [holds(condition.left, around), holds(condition.right, around)]
      return left || right ? true : left === undefined || right === undefined ? undefined : false
    }
    case 'not': {
      const value = holds(condition.value, around)
      return value === undefined ? undefined : !value
    }
    case 'isUnknown':
      return holds(condition.value, around) === undefined
    default:
      try {
        return tested(condition, around)
      } catch (error) {
        if (error instanceof PathError) return undefined
        throw error
      }
  }
}

function tested(
  condition: Exclude<Condition, { kind: 'and' | 'or' | 'not' | 'isUnknown' }>,
  around: Around,
): boolean | undefined {
  if (condition.kind === 'exists') return find(condition.path, around).length > 0
  if (condition.kind === 'compare') {
    const [left, right] = [condition.left, condition.right].map(side => unwrapped(find(side, around), around.strict))
    const answers = left!.flatMap(a => right!.map(b => compared(condition.operator, a, b)))
    return answers.includes(true) ? true : answers.includes(undefined) ? undefined : false
  }
  const values = unwrapped(find(condition.value, around), around.strict)
  const match = (value: unknown) => {
    if (typeof value !== 'string') return undefined
    if (condition.kind === 'like') return condition.pattern.test(value)
    const [prefix] = find(condition.prefix, around)
    return typeof prefix === 'string' ? value.startsWith(prefix) : undefined
  }
  const answers = values.map(match)
  return answers.includes(true) ? true : answers.includes(undefined) ? undefined : false
}

function compared(operator: string, left: unknown, right: unknown): boolean | undefined {
  if (left === null || right === null) {
    const same = left === right
    return operator === '==' ? same : operator === '!=' || operator === '<>' ? !same : same ? false : undefined
  }
  const plain = (value: unknown) => (value instanceof JsonNumber ? Number(value.text) : value)
  const [a, b] = [plain(left), plain(right)] as [number, number]
  if (typeof a !== typeof b || typeof a === 'object') return undefined
  const order = a < b ? -1 : a > b ? 1 : 0
  return {
    '==': order === 0,
    '!=': order !== 0,
    '<>': order !== 0,
    '<': order < 0,
    '<=': order <= 0,
    '>': order > 0,
    '>=': order >= 0,
  }[operator]
}

function items(text: string, path: string): unknown[] {
  const query = pathOf(path)
  return find(query.path, { strict: query.strict, context: read(text) })
}

/** `T`, `F`, or `E` with the error. */
export function jsonExists(text: string, path: string): string {
  return settled(() => (items(text, path).length > 0 ? 'T' : 'F'))
}

/** `V` with the scalar's text, `N` for a JSON null, `M` when nothing was found, or `E` with the error. */
export function jsonValue(text: string, path: string): string {
  return settled(() => {
    const found = items(text, path)
    if (found.length === 0) return 'M'
    const fail = (what: string) => new PathError('JSON_VALUE_RESULT_ERROR', `cannot extract SQL scalar from JSON: ${what}`)
    if (found.length > 1) throw fail('JSON path found multiple items')
    const [value] = found
    if (value === null) return 'N'
    if (value instanceof JsonNumber) return `V${whole(value) ? value.text : scientific(Number(value.text))}`
    if (typeof value === 'object') throw fail(`JSON path found an item that cannot be converted to an SQL value`)
    return `V${String(value)}`
  })
}

/** `V` with the JSON text, `M` when nothing was found, or `E` with the error. */
export function jsonQuery(text: string, path: string, wrapper: string, omitQuotes: string): string {
  return settled(() => {
    const found = items(text, path)
    if (found.length === 0) return 'M'
    const [first] = found
    const wrapped =
      wrapper === 'UNCONDITIONAL' ||
      (wrapper === 'CONDITIONAL' && (found.length > 1 || first === null || !(Array.isArray(first) || isObject(first))))
    if (wrapped) return `V[${found.map(written).join(',')}]`
    if (found.length > 1)
      throw new PathError('JSON_OUTPUT_CONVERSION_ERROR', 'conversion from JSON failed: JSON path found multiple items')
    return `V${omitQuotes === 'OMIT' && typeof first === 'string' ? first : written(first)}`
  })
}

function settled(work: () => string): string {
  try {
    return work()
  } catch (error) {
    if (error instanceof PathError) return `E${error.code}: ${error.message}`
    throw error
  }
}
