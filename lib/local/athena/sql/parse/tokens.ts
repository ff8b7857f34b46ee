import { QueryError, type Position } from '../error.ts'

/** `word` is an unquoted identifier or keyword, `name` a double-quoted one (text without quotes), `string` a '…' literal (text unescaped). */
export type TokenKind = 'word' | 'name' | 'string' | 'unicode' | 'binary' | 'integer' | 'decimal' | 'double' | 'symbol' | 'end'

export interface Token {
  kind: TokenKind
  /** Words: in upper case. */
  text: string
  /** Offset of the first character in the SQL text, and of the one after the last. */
  at: number
  end: number
}

/** Words that cannot be names without quotes (Trino's reserved words). */
export const RESERVED = new Set(
  `ALTER AND AS BETWEEN BY CASE CAST CONSTRAINT CREATE CROSS CUBE CURRENT_CATALOG CURRENT_DATE CURRENT_PATH CURRENT_ROLE CURRENT_SCHEMA
  CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER DEALLOCATE DELETE DESCRIBE DISTINCT DROP ELSE END ESCAPE EXCEPT EXECUTE EXISTS EXTRACT FALSE FOR
  FROM FULL GROUP GROUPING HAVING IN INNER INSERT INTERSECT INTO IS JOIN JSON_ARRAY JSON_EXISTS JSON_OBJECT JSON_QUERY JSON_TABLE JSON_VALUE
  LEFT LIKE LISTAGG LOCALTIME LOCALTIMESTAMP NATURAL NORMALIZE NOT NULL ON OR ORDER OUTER PREPARE RECURSIVE RIGHT ROLLUP SELECT SKIP TABLE THEN
  TRIM TRUE UESCAPE UNION UNNEST USING VALUES WHEN WHERE WITH`.split(/\s+/),
)

const SPACE = /(?:\s+|--[^\n]*|\/\*[\s\S]*?\*\/)+/y
const NUMBER = /(?:\d+\.\d*|\.\d+|\d+(?:_\d+)*)(?:[eE][+-]?\d+)?/y
const HEX_OR_BINARY = /0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+/y
const WORD = /[A-Za-z_][A-Za-z0-9_@]*/y
const DIGIT_NAME = /\d[A-Za-z0-9_@]*[A-Za-z_@][A-Za-z0-9_@]*/y
const SYMBOL = /->|=>|<=|>=|<>|!=|\|\||[-+*/%=<>()[\],.;?:{}|^$]/y
const QUOTED = { "'": /'((?:[^']|'')*)'/y, '"': /"((?:[^"]|"")*)"/y }

/** Line and column of an offset. */
export function positionOf(sql: string, offset: number): Position {
  const before = sql.slice(0, offset)
  const lastBreak = before.lastIndexOf('\n')
  return { line: before.split('\n').length, column: offset - lastBreak }
}

/** Splits SQL into tokens; the last one is `end`. Throws SYNTAX_ERROR. */
export function tokenize(sql: string, start = 0): Token[] {
  const tokens: Token[] = []
  let at = start
  const match = (pattern: RegExp) => {
    pattern.lastIndex = at
    return pattern.exec(sql)
  }
  for (;;) {
    at += match(SPACE)?.[0].length ?? 0
    if (at >= sql.length) break
    const token = nextToken(sql, at, match)
    tokens.push(token)
    at = token.end
  }
  tokens.push({ kind: 'end', text: '<EOF>', at: sql.length, end: sql.length })
  return tokens
}

function nextToken(sql: string, at: number, match: (pattern: RegExp) => RegExpExecArray | null): Token {
  const fail = (message: string): never => {
    throw new QueryError('SYNTAX_ERROR', message, { at: positionOf(sql, at) })
  }
  const token = (kind: TokenKind, text: string, length: number): Token => ({ kind, text, at, end: at + length })
  const first = sql[at]!
  if (first === "'" || first === '"') {
    const quoted = match(QUOTED[first]) ?? fail(`mismatched input '${first}'. Expecting: <EOF>`)
    const text = quoted[1]!.replaceAll(first + first, first)
    if (first === '"' && !text) fail('Zero-length delimited identifier not allowed')
    return token(first === "'" ? 'string' : 'name', text, quoted[0].length)
  }
  if (first === '`') fail('backquoted identifiers are not supported; use double quotes to quote identifiers')
  const special = /[xXuU]/.test(first) ? specialString(sql, at) : undefined
  if (special) return token(special.kind, special.text, special.length)
  const hex = match(HEX_OR_BINARY)
  if (hex) return token('integer', String(BigInt(hex[0].replaceAll('_', '').toLowerCase())), hex[0].length)
  const number = match(NUMBER)
  if (number) {
    const digits = match(DIGIT_NAME)
    if (digits && digits[0].length > number[0].length)
      fail('identifiers must not start with a digit; surround the identifier with double quotes')
    const text = number[0].replaceAll('_', '')
    return token(/[eE]/.test(text) ? 'double' : text.includes('.') ? 'decimal' : 'integer', text, number[0].length)
  }
  const word = match(WORD)
  if (word) return token('word', word[0].toUpperCase(), word[0].length)
  const symbol = match(SYMBOL) ?? fail(`mismatched input '${first}'. Expecting: <EOF>`)
  return token('symbol', symbol[0] === '!=' ? '<>' : symbol[0], symbol[0].length)
}

/** `X'0aff'` and `U&'caf\00e9'`. */
function specialString(sql: string, at: number): { kind: TokenKind; text: string; length: number } | undefined {
  const found = /^([xX]|[uU]&)'((?:[^']|'')*)'/.exec(sql.slice(at))
  if (!found) return undefined
  const binary = found[1]!.length === 1
  const text = found[2]!.replaceAll("''", "'")
  return { kind: binary ? 'binary' : 'unicode', text, length: found[0].length }
}
