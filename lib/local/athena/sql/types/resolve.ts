import { QueryError } from '../error.ts'
import type { TypeNode } from '../parse/ast.ts'
import { TypeParser } from '../parse/type-parser.ts'
import type { Type } from './types.ts'
import { BIGINT, DATE, VARCHAR } from './types.ts'

const SIMPLE = ['boolean', 'tinyint', 'smallint', 'integer', 'bigint', 'real', 'double', 'varbinary', 'date', 'json', 'uuid']
const ALIASES: Record<string, string> = {
  int: 'integer',
  string: 'varchar',
  float: 'real',
  binary: 'varbinary',
  dec: 'decimal',
  numeric: 'decimal',
}
const HIVE_ONLY = ['string', 'float', 'binary']

/** The type that a type's text stands for; undefined when there is none of that name. Trino's words (`real`, `row(a bigint)`). */
export function resolveType(node: TypeNode): Type | undefined {
  const name = HIVE_ONLY.includes(node.name) ? node.name : (ALIASES[node.name] ?? node.name)
  const sizes = node.arguments.map(argument => (typeof argument === 'string' ? Number(argument) : NaN))
  const inner = node.arguments.map(argument => (typeof argument === 'string' ? undefined : resolveType(argument)))
  if (SIMPLE.includes(name) && !node.arguments.length) return { kind: name as 'boolean' }
  const sized = ['varchar', 'char', 'decimal', 'time', 'timestamp', 'time with time zone', 'timestamp with time zone'].includes(
    name,
  )
  if (sized && sizes.some(size => Number.isNaN(size))) return undefined
  switch (name) {
    case 'varchar':
      return sizes.length ? { kind: 'varchar', length: sizes[0]! } : VARCHAR
    case 'char':
      return { kind: 'char', length: sizes[0] ?? 1 }
    case 'decimal':
      return sizes[0] === undefined || sizes[0] > 38 || sizes[0] < 1 || (sizes[1] ?? 0) > sizes[0]
        ? undefined
        : { kind: 'decimal', precision: sizes[0], scale: sizes[1] ?? 0 }
    case 'time':
    case 'timestamp':
    case 'time with time zone':
    case 'timestamp with time zone':
      return { kind: name, precision: sizes[0] ?? 3 }
    case 'interval day to second':
    case 'interval year to month':
      return { kind: name }
    case 'array':
      return inner.length === 1 && inner[0] ? { kind: 'array', element: inner[0] } : undefined
    case 'map':
      return inner.length === 2 && inner[0] && inner[1] ? { kind: 'map', key: inner[0], value: inner[1] } : undefined
    case 'row': {
      if (inner.some(type => !type)) return undefined
      return { kind: 'row', fields: inner.map((type, i) => ({ name: node.fieldNames?.[i]?.toLowerCase(), type: type! })) }
    }
    default:
      return undefined
  }
}

const hiveTypes = new Map<string, Type>()

/** The type of a catalog column: Hive's words (`string`, `array<struct<a:int>>`, `decimal(10,2)`, `timestamp`). Unknown ones read as varchar. */
export function hiveType(text: string): Type {
  const known = hiveTypes.get(text)
  if (known) return known
  let type: Type
  try {
    type = new HiveTypeParser(text.toLowerCase()).hive()
  } catch (error) {
    if (!(error instanceof QueryError)) throw error
    type = VARCHAR
  }
  hiveTypes.set(text, type)
  return type
}

class HiveTypeParser extends TypeParser {
  hive(): Type {
    const word = this.name().name
    if (word === 'struct') {
      this.expect('<')
      const fields = this.list(() => {
        const name = this.take().text.toLowerCase()
        this.expect(':')
        return { name, type: this.hive() }
      })
      this.expect('>')
      return { kind: 'row', fields }
    }
    if (word === 'array' || word === 'map') {
      this.expect('<')
      const types = this.list(() => this.hive())
      this.expect('>')
      return word === 'array'
        ? { kind: 'array', element: types[0]! }
        : { kind: 'map', key: types[0]!, value: types[1] ?? VARCHAR }
    }
    if (word === 'date') return DATE
    if (word === 'long') return BIGINT
    const sizes = this.accept('(') ? this.list(() => this.take().text) : []
    if (sizes.length) this.expect(')')
    const name = ALIASES[word] ?? word
    const full = name === 'decimal' && !sizes.length ? ['10', '0'] : sizes
    return resolveType({ name, arguments: full, at: 0, end: 0 }) ?? VARCHAR
  }
}
