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

const JODA: Record<string, string> = {
  yyyy: '%Y',
  YYYY: '%Y',
  yy: '%y',
  MMMM: '%B',
  MMM: '%b',
  MM: '%m',
  M: '%-m',
  dd: '%d',
  d: '%-d',
  EEEE: '%A',
  EEE: '%a',
  E: '%a',
  HH: '%H',
  H: '%-H',
  hh: '%I',
  h: '%-I',
  mm: '%M',
  m: '%-M',
  ss: '%S',
  s: '%-S',
  SSS: '%g',
  a: '%p',
}

/** SQL that formats a timestamp by a Joda format, where strftime has all of its letters; undefined: it has not. */
export function jodaFormatSql(format: string, local: string): string | undefined {
  let strftime = ''
  for (const [token, quoted, letter] of format.matchAll(/'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+/g)) {
    if (quoted !== undefined) strftime += (quoted === '' ? "'" : quoted.replaceAll("''", "'")).replaceAll('%', '%%')
    else if (letter === undefined) strftime += token.replaceAll('%', '%%')
    else if (JODA[token]) strftime += JODA[token]
    else return undefined
  }
  return strftime === '' ? "''" : `strftime(${local}, ${quoteText(strftime)})`
}
