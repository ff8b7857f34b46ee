import { quoteText } from '../types/types.ts'

/** Strftime directives by MySQL's, as date_format and date_parse use them; undefined ones Trino refuses. */
const MYSQL: Record<string, string> = {
  a: '%a',
  b: '%b',
  c: '%-m',
  d: '%d',
  e: '%-d',
  f: '%f',
  H: '%H',
  h: '%I',
  I: '%I',
  i: '%M',
  j: '%j',
  k: '%-H',
  l: '%-I',
  M: '%B',
  m: '%m',
  p: '%p',
  r: '%I:%M:%S %p',
  S: '%S',
  s: '%S',
  T: '%H:%M:%S',
  v: '%V',
  W: '%A',
  x: '%G',
  Y: '%Y',
  y: '%y',
  '%': '%%',
}

/** A MySQL format in strftime's words; undefined with the bad directive in `refused`. */
export function mysqlFormat(format: string): { strftime: string } | { refused: string } {
  let refused: string | undefined
  const strftime = format.replace(/%([\s\S])|%$/g, (directive, letter?: string) => {
    if (letter === undefined) return '%%'
    if ('DUuVwX'.includes(letter)) refused ??= directive
    return MYSQL[letter] ?? letter.replace('%', '%%')
  })
  return refused ? { refused } : { strftime }
}

/** One piece of a Joda format: text as it is, a strftime format, or what strftime cannot do. */
type Piece =
  | { text: string }
  | { strftime: string }
  | { special: 'fraction' | 'offset' | 'offset:' | 'zone' | 'halfday' | 'clock24'; width: number }

const JODA: Record<string, (width: number) => string | undefined> = {
  y: width => (width === 2 ? '%y' : '%Y'),
  Y: width => (width === 2 ? '%y' : '%Y'),
  u: width => (width === 2 ? '%y' : '%Y'),
  x: () => '%G',
  M: width => (width >= 4 ? '%B' : width === 3 ? '%b' : width === 2 ? '%m' : '%-m'),
  d: width => (width >= 2 ? '%d' : '%-d'),
  D: width => (width >= 3 ? '%j' : '%-j'),
  e: () => '%u',
  E: width => (width >= 4 ? '%A' : '%a'),
  w: width => (width >= 2 ? '%V' : '%-V'),
  H: width => (width >= 2 ? '%H' : '%-H'),
  h: width => (width >= 2 ? '%I' : '%-I'),
  m: width => (width >= 2 ? '%M' : '%-M'),
  s: width => (width >= 2 ? '%S' : '%-S'),
  a: () => '%p',
}

/** The pieces of a Joda format (format_datetime, parse_datetime); undefined: a letter that Joda does not know. */
export function jodaPieces(format: string): Piece[] | undefined {
  const pieces: Piece[] = []
  for (const [token, quoted] of format.matchAll(/'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+/g)) {
    if (quoted !== undefined) pieces.push({ text: quoted === '' ? "'" : quoted.replaceAll("''", "'") })
    else if (!/^[A-Za-z]/.test(token)) pieces.push({ text: token })
    else {
      const width = token.length
      const strftime = JODA[token[0]!]?.(width)
      if (strftime) pieces.push({ strftime })
      else if (token[0] === 'S') pieces.push({ special: 'fraction', width })
      else if (token[0] === 'Z') pieces.push({ special: width === 1 ? 'offset' : width === 2 ? 'offset:' : 'zone', width })
      else if (token[0] === 'z') pieces.push({ special: 'zone', width })
      else if (token[0] === 'K') pieces.push({ special: 'halfday', width })
      else if (token[0] === 'k') pieces.push({ special: 'clock24', width })
      else return undefined
    }
  }
  return pieces
}

/** SQL that formats `local` (a timestamp) of an instant in `zone` by Joda's pieces. */
export function jodaFormatSql(pieces: Piece[], local: string, zone: string): string {
  const parts = pieces.map(piece => {
    if ('text' in piece) return quoteText(piece.text)
    if ('strftime' in piece) return `strftime(${local}, ${quoteText(piece.strftime)})`
    switch (piece.special) {
      case 'fraction':
        return `rpad(left(strftime(${local}, '%g'), ${piece.width}), ${piece.width}, '0')`
      case 'offset':
        return `replace(t_offset_text(${local}, ${zone}), ':', '')`
      case 'offset:':
        return `t_offset_text(${local}, ${zone})`
      case 'halfday':
        return `lpad(CAST(hour(${local}) % 12 AS VARCHAR), ${piece.width}, '0')`
      case 'clock24':
        return `lpad(CAST(CASE hour(${local}) WHEN 0 THEN 24 ELSE hour(${local}) END AS VARCHAR), ${piece.width}, '0')`
      default:
        return zone
    }
  })
  return parts.length ? `(${parts.join(' || ')})` : "''"
}

/** The strptime format of a Joda format; undefined when a piece cannot be parsed that way. */
export function jodaParseFormat(pieces: Piece[]): string | undefined {
  let format = ''
  for (const piece of pieces) {
    if ('text' in piece) format += piece.text.replaceAll('%', '%%')
    else if ('strftime' in piece) format += piece.strftime
    else if (piece.special === 'fraction') format += piece.width <= 3 ? '%g' : '%f'
    else if (piece.special === 'offset' || piece.special === 'offset:') format += '%z'
    else if (piece.special === 'zone') format += '%Z'
    else return undefined
  }
  return format
}
