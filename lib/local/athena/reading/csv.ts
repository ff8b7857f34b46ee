import { quoteName, quoteText, type Type } from '../sql/types/types.ts'
import { parseText } from './parse-text.ts'
import type { Source, SourceFile } from './source.ts'
import { fileGroups, fileColumns, textList, type Compression } from './statements.ts'

/** Characters that no text holds: they make DuckDB's CSV reader hand over whole lines, and leave empty fields empty. */
const NEVER = '\u001c\u001d\u001e\u001f'
const NO_NULL = '\u0005\u0006\u0007'

/** A relation over delimited text. LazySimpleSerDe splits at the delimiter, knows no quotes, and reads what is no number as NULL; OpenCSVSerde
 *  unquotes, and such a field fails the query. Rows that are too short end in NULLs, the rest of rows that are too long is left out. */
export function csvRelation(source: Source): string {
  const relation = source.serde === 'open-csv' ? openCsv : lazySimple
  return fileGroups(source)
    .map(([compression, files]) => relation(source, files, compression))
    .join('\nUNION ALL\n')
}

const skipLines = (source: Source) =>
  Number(source.tableParameters['skip.header.line.count'] ?? source.parameters['skip.header.line.count'] ?? 0) || 0

function lazySimple(source: Source, files: SourceFile[], compression: Compression): string {
  const { parameters } = source
  const delimiter = delimiterOf(parameters)
  const escape = parameters['escape.delim']
  const nullText = parameters['serialization.null.format'] ?? '\\N'
  const from = readCsv(files, compression, source, `columns={line: 'VARCHAR'}, delim=${quoteText(NEVER)}, quote='', escape=''`)
  const split = `SELECT string_split(line, ${quoteText(delimiter)}) AS f, file_index FROM ${from}`
  const columns = source.columns.map((column, index) => {
    const raw = escape ? unescaped(`f[${index + 1}]`, escape) : `f[${index + 1}]`
    const text = `nullif(${raw}, ${quoteText(nullText)})`
    return `${lazyValue(column.type, text, parameters, 1)} AS ${quoteName(column.name)}`
  })
  return `SELECT ${[...columns, ...fileColumns(source, files)].join(', ')} FROM (${split}) r`
}

const delimiterOf = (parameters: Record<string, string>) =>
  parameters['field.delim'] ?? parameters['serialization.format']?.replace(/^1$/, '\u0001') ?? '\u0001'

/** An escaped delimiter inside of a field is not supported: such a field is split there, as the delimiter alone would. */
const unescaped = (value: string, escape: string) =>
  `regexp_replace(${value}, ${quoteText(`${escape.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}(.)`)}, '\\1', 'g')`

/** Nested values use Hive's collection and map delimiters, one further control character for each level. */
function lazyValue(type: Type, text: string, parameters: Record<string, string>, level: number): string {
  const separator =
    level === 1 ? (parameters['collection.delim'] ?? parameters['colelction.delim'] ?? '\u0002') : String.fromCharCode(level + 1)
  const between = level === 1 ? (parameters['mapkey.delim'] ?? '\u0003') : String.fromCharCode(level + 2)
  const items = `string_split(${text}, ${quoteText(separator)})`
  switch (type.kind) {
    case 'array':
      return `CASE WHEN ${text} = '' THEN [] ELSE list_transform(${items}, lambda x: ${lazyValue(type.element, 'x', parameters, level + 1)}) END`
    case 'map': {
      const pair = (at: number) => `string_split(x, ${quoteText(between)})[${at}]`
      const keys = `list_transform(${items}, lambda x: ${lazyValue(type.key, pair(1), parameters, level + 2)})`
      const values = `list_transform(${items}, lambda x: ${lazyValue(type.value, pair(2), parameters, level + 2)})`
      return `CASE WHEN ${text} IS NOT NULL THEN map_from_entries(list_zip(${keys}, ${values})) END`
    }
    case 'row': {
      const fields = type.fields.map(
        (f, i) => `${quoteName(f.name ?? `field${i}`)} := ${lazyValue(f.type, `${items}[${i + 1}]`, parameters, level + 1)}`,
      )
      return `CASE WHEN ${text} IS NOT NULL THEN struct_pack(${fields.join(', ')}) END`
    }
    default:
      return parseText(type, text, 'null')
  }
}

function openCsv(source: Source, files: SourceFile[], compression: Compression): string {
  const { parameters } = source
  const names = source.columns.map((_, i) => `f${i}: 'VARCHAR'`).join(', ')
  const options = [
    `columns={${names}}`,
    `delim=${quoteText(parameters.separatorChar ?? ',')}`,
    `quote=${quoteText(parameters.quoteChar ?? '"')}`,
    `escape=${quoteText(parameters.escapeChar ?? '\\')}`,
    'null_padding=true',
    'strict_mode=false',
  ]
  const columns = source.columns.map(
    (column, index) => `${openCsvValue(column.type, `f${index}`, index)} AS ${quoteName(column.name)}`,
  )
  const from = readCsv(files, compression, source, options.join(', '))
  return `SELECT ${[...columns, ...fileColumns(source, files)].join(', ')} FROM ${from} r`
}

/** OpenCSVSerde's dates are days and its timestamps milliseconds since 1970, both as numbers. */
function openCsvValue(type: Type, value: string, index: number): string {
  if (type.kind === 'date')
    return `CASE WHEN regexp_full_match(${value}, '-?\\d+') THEN DATE '1970-01-01' + CAST(${value} AS INTEGER) ELSE ${parseText(type, value, { index })} END`
  if (type.kind === 'timestamp')
    return `CASE WHEN regexp_full_match(${value}, '-?\\d+') THEN make_timestamp(CAST(${value} AS BIGINT) * 1000) ELSE ${parseText(type, value, { index })} END`
  return parseText(type, value, { index })
}

function readCsv(files: SourceFile[], compression: Compression, source: Source, options: string): string {
  const paths = textList(files.map(file => file.object.path))
  const fixed = `header=false, auto_detect=false, skip=${skipLines(source)}, nullstr=${quoteText(NO_NULL)}, compression='${compression === 'uncompressed' ? 'none' : compression}'`
  return `read_csv(${paths}, ${options}, ${fixed}, max_line_size=16777216)`
}
