/** Patterns of MySQL (`%Y-%m-%d`) and Joda (`yyyy-MM-dd`) as one list of pieces, which `date-text.ts` prints and reads. */
export type Piece = { text: string } | { field: Field; width: number }

export type Field =
  | 'year'
  | 'year2'
  | 'century'
  | 'era'
  | 'weekyear'
  | 'weekyear2'
  | 'month'
  | 'monthShort'
  | 'monthLong'
  | 'day'
  | 'dayOfYear'
  | 'weekday'
  | 'weekdayShort'
  | 'weekdayLong'
  | 'week'
  | 'hour'
  | 'clock24'
  | 'hour12'
  | 'half'
  | 'ampm'
  | 'minute'
  | 'second'
  | 'fraction'
  | 'offset'
  | 'offsetColon'
  | 'zone'
  | 'zoneShort'
  | 'zoneLong'

export const badArgument = (message: string): never => {
  throw new Error(`\u00a1INVALID_FUNCTION_ARGUMENT: ${message}`)
}

const MYSQL: Record<string, string | [Field, number]> = {
  a: ['weekdayShort', 0],
  b: ['monthShort', 0],
  c: ['month', 1],
  d: ['day', 2],
  e: ['day', 1],
  f: ['fraction', 6],
  H: ['hour', 2],
  h: ['hour12', 2],
  I: ['hour12', 2],
  i: ['minute', 2],
  j: ['dayOfYear', 3],
  k: ['hour', 1],
  l: ['hour12', 1],
  M: ['monthLong', 0],
  m: ['month', 2],
  p: ['ampm', 0],
  r: '%h:%i:%s %p',
  S: ['second', 2],
  s: ['second', 2],
  T: '%H:%i:%s',
  v: ['week', 2],
  W: ['weekdayLong', 0],
  x: ['weekyear', 4],
  Y: ['year', 4],
  y: ['year2', 2],
}

export function mysqlPieces(format: string): Piece[] {
  const pieces: Piece[] = []
  for (const [token, letter] of format.matchAll(/%([\s\S])|[^%]+|%$/g)) {
    if (letter !== undefined && 'DUuVwX'.includes(letter)) badArgument(`${token} not supported in date format string`)
    const meant = letter === undefined ? undefined : MYSQL[letter]
    if (typeof meant === 'string') pieces.push(...mysqlPieces(meant))
    else pieces.push(meant ? { field: meant[0], width: meant[1] } : { text: letter ?? token })
  }
  return pieces
}

const JODA: Record<string, (width: number) => [Field, number]> = {
  G: () => ['era', 0],
  C: width => ['century', width],
  y: width => (width === 2 ? ['year2', 2] : ['year', width]),
  Y: width => (width === 2 ? ['year2', 2] : ['year', width]),
  x: width => [width === 2 ? 'weekyear2' : 'weekyear', width],
  M: width => (width >= 4 ? ['monthLong', 0] : width === 3 ? ['monthShort', 0] : ['month', width]),
  d: width => ['day', width],
  D: width => ['dayOfYear', width],
  e: width => ['weekday', width],
  E: width => (width >= 4 ? ['weekdayLong', 0] : ['weekdayShort', 0]),
  w: width => ['week', width],
  H: width => ['hour', width],
  k: width => ['clock24', width],
  h: width => ['hour12', width],
  K: width => ['half', width],
  a: () => ['ampm', 0],
  m: width => ['minute', width],
  s: width => ['second', width],
  S: width => ['fraction', width],
  Z: width => (width === 1 ? ['offset', 0] : width === 2 ? ['offsetColon', 0] : ['zone', 0]),
  z: width => (width >= 4 ? ['zoneLong', 0] : ['zoneShort', 0]),
}

export function jodaPieces(format: string): Piece[] {
  const pieces: Piece[] = []
  for (const [token, quoted, letter] of format.matchAll(/'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+/g)) {
    if (quoted !== undefined) pieces.push({ text: quoted === '' ? "'" : quoted.replaceAll("''", "'") })
    else if (letter === undefined) pieces.push({ text: token })
    else {
      const meant = JODA[letter]?.(token.length) ?? badArgument(`Illegal pattern component: ${token}`)
      pieces.push({ field: meant[0], width: meant[1] })
    }
  }
  return pieces
}
