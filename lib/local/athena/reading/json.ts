import { duckdbType, fieldKey, quoteName, quoteText, type Type } from '../sql/types/types.ts'
import { parseText } from './parse-text.ts'
import type { KeyTree } from './json-keys.ts'
import type { ReadColumn, Source, SourceFile } from './source.ts'
import { fileGroups, fileColumns, textList, type Compression } from './statements.ts'

/** How a value is read from JSON, and what makes the column's value of it. */
interface Reading {
  /** The type that DuckDB's JSON reader is told. */
  read: string
  /** From the value read to the column's type. */
  convert: (value: string) => string
}

/** A relation over JSON objects, one a line. Keys are matched without regard to case through `keys`, the spellings that were seen; whole numbers
 *  are read as text and checked, because DuckDB reads 1.5 into a BIGINT as 2. */
export function jsonRelation(source: Source, keys: KeyTree): string {
  const skipBad = source.serde === 'openx-json' && source.parameters['ignore.malformed.json']?.toLowerCase() === 'true'
  return fileGroups(source)
    .map(([compression, files]) =>
      skipBad ? lenient(source, keys, files, compression) : strict(source, keys, files, compression),
    )
    .join('\nUNION ALL\n')
}

/** The keys under which a column's value may stand, each with its own reading. */
function spellings(column: ReadColumn, index: number, keys: KeyTree): { key: string; reading: Reading }[] {
  const node = keys.fields.get(column.name)
  const names = node ? [...node.spellings] : [column.name]
  return names.map(key => ({ key, reading: readingOf(column.type, index, node?.tree) }))
}

function strict(source: Source, keys: KeyTree, files: SourceFile[], compression: Compression): string {
  const reads: string[] = []
  const columns = source.columns.map((column, index) => {
    const values = spellings(column, index, keys).map(({ key, reading }) => {
      reads.push(`${quoteName(key)}: ${quoteText(reading.read)}`)
      return reading.convert(`r.${quoteName(key)}`)
    })
    return `${values.length > 1 ? `coalesce(${values.join(', ')})` : values[0]} AS ${quoteName(column.name)}`
  })
  const twins = new Set(reads.map(read => read.toLowerCase())).size < reads.length
  if (twins) return lenient(source, keys, files, compression, false)
  const paths = textList(files.map(file => file.object.path))
  const from = `read_json(${paths}, columns={${reads.join(', ')}}, format='newline_delimited', records='true', compression='${compression}')`
  return `SELECT ${[...columns, ...fileColumns(source, files)].join(', ')} FROM ${from} r`
}

/** The way through whole documents: slower, but it can leave out rows that are not JSON objects, and it knows keys that differ in case only. */
function lenient(source: Source, keys: KeyTree, files: SourceFile[], compression: Compression, skip = true): string {
  const columns = source.columns.map((column, index) => {
    const values = spellings(column, index, keys).map(({ key, reading }) => {
      const member = `json_extract(r.json, ${quoteText(jsonPath(key))})`
      const text =
        reading.read === 'VARCHAR'
          ? `(${member} ->> '$')`
          : `json_transform_strict(${member}, ${quoteText(jsonStructure(reading.read))})`
      return reading.convert(`(CASE WHEN json_type(${member}) <> 'NULL' THEN ${text} END)`)
    })
    return `${values.length > 1 ? `coalesce(${values.join(', ')})` : values[0]} AS ${quoteName(column.name)}`
  })
  const paths = textList(files.map(file => file.object.path))
  const from = `read_ndjson_objects(${paths}, ignore_errors=${skip}, compression='${compression}')`
  const where = skip ? ` WHERE r.json IS NOT NULL AND json_type(r.json) = 'OBJECT'` : ''
  return `SELECT ${[...columns, ...fileColumns(source, files)].join(', ')} FROM ${from} r${where}`
}

const jsonPath = (key: string) => `$."${key.replaceAll('"', '\\"')}"`
const jsonStructure = (type: string) => JSON.stringify(type)

function readingOf(type: Type, index: number, keys: KeyTree | undefined): Reading {
  switch (type.kind) {
    case 'double':
    case 'real':
      return { read: 'DOUBLE', convert: value => (type.kind === 'real' ? `CAST(${value} AS FLOAT)` : value) }
    case 'array': {
      const element = readingOf(type.element, index, keys?.elements)
      const plain = element.convert('x') === 'x'
      return {
        read: `${element.read}[]`,
        convert: value => (plain ? value : `list_transform(${value}, lambda x: ${element.convert('x')})`),
      }
    }
    case 'map':
      return mapReading(type, index)
    case 'row':
      return rowReading(type, index, keys)
    default:
      return { read: 'VARCHAR', convert: value => parseText(type, value, { index }) }
  }
}

function mapReading(type: Type & { kind: 'map' }, index: number): Reading {
  const item = readingOf(type.value, index, undefined)
  const convert = (value: string) => {
    const keys = `list_transform(map_keys(${value}), lambda x: ${parseText(type.key, 'x', { index })})`
    const values = `list_transform(map_values(${value}), lambda x: ${item.convert('x')})`
    return `CASE WHEN ${value} IS NOT NULL THEN map_from_entries(list_zip(${keys}, ${values})) END`
  }
  return { read: `MAP(VARCHAR, ${item.read})`, convert }
}

function rowReading(type: Type & { kind: 'row' }, index: number, keys: KeyTree | undefined): Reading {
  const fields = type.fields.map((field, i) => {
    const name = fieldKey(field, i)
    const node = keys?.fields.get(name.toLowerCase())
    const key = node ? [...node.spellings][0]! : name
    return { name, key, reading: readingOf(field.type, index, node?.tree) }
  })
  const read = `STRUCT(${fields.map(field => `${quoteName(field.key)} ${field.reading.read}`).join(', ')})`
  const convert = (value: string) => {
    const packed = fields.map(
      f => `${quoteName(f.name)} := ${f.reading.convert(`struct_extract(${value}, ${quoteText(f.key)})`)}`,
    )
    return `CASE WHEN ${value} IS NOT NULL THEN CAST(struct_pack(${packed.join(', ')}) AS ${duckdbType(type)}) END`
  }
  return { read, convert }
}
