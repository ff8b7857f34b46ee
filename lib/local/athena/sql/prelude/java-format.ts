import { badArgument } from './date-pattern.ts'
import { jodaDateText } from './date-text.ts'

/** What a value of format() is: null, boolean, a whole number, double, decimal, text, or a moment (microseconds and how Java prints it). */
type Kind = 'n' | 'b' | 'd' | 'f' | 'D' | 's' | 't'

const CLASSES: Record<Kind, string> = {
  n: 'null',
  b: 'java.lang.Boolean',
  d: 'java.lang.Long',
  f: 'java.lang.Double',
  D: 'java.math.BigDecimal',
  s: 'java.lang.String',
  t: 'java.time.LocalDateTime',
}
const SPECIFIER = /%(?:(\d+)\$)?([-#+ 0,(]*)(\d+)?(?:\.(\d+))?([tT]?[a-zA-Z%])?/g

/** Java's String.format. `values`: JSON of texts, the first letter of each is its kind; a moment is `t<micros> <text>`. */
export function javaFormat(format: string, values: string): string {
  const list = JSON.parse(values) as string[]
  const fail = (what: string) => badArgument(`Invalid format string: ${format} (${what})`)
  let next = 0
  return format.replace(
    SPECIFIER,
    (whole, position: string, flags: string, width: string, precision: string, conversion: string) => {
      if (!conversion) return fail(`UnknownFormatConversion: Conversion = '%'`)
      if (conversion === '%' || conversion === 'n') return aligned(conversion === '%' ? '%' : '\n', flags, width)
      if (!/^(?:[bBsScCdoxXeEfgGhH]|[tT][a-zA-Z])$/.test(conversion))
        return fail(`UnknownFormatConversion: Conversion = '${conversion}'`)
      const value = list[position ? Number(position) - 1 : next++]
      if (value === undefined) return fail(`MissingFormatArgument: Format specifier '${whole}'`)
      const kind = value[0] as Kind
      const text = convert(kind, value.slice(1), conversion, flags, precision === undefined ? undefined : Number(precision))
      if (text === undefined)
        return fail(`IllegalFormatConversion: ${conversion[0] === 't' ? conversion[1] : conversion} != ${CLASSES[kind]}`)
      const upper = /^[A-Z]/.test(conversion) ? text.toUpperCase() : text
      return aligned(upper, /[dfeEgG]/.test(conversion) ? flags : flags.replace('0', ''), width)
    },
  )
}

function aligned(text: string, flags: string, width: string | undefined): string {
  if (width === undefined) return text
  const size = Number(width)
  if (flags.includes('-')) return text.padEnd(size)
  if (!flags.includes('0')) return text.padStart(size)
  const sign = /^[-+ (]/.exec(text)?.[0] ?? ''
  return sign + text.slice(sign.length).padStart(size - sign.length, '0')
}

function convert(
  kind: Kind,
  value: string,
  conversion: string,
  flags: string,
  precision: number | undefined,
): string | undefined {
  const low = conversion.toLowerCase()
  if (low === 'b') return kind === 'b' ? value : String(kind !== 'n')
  if (kind === 'n') return precision === undefined || low !== 's' ? 'null' : 'null'.slice(0, precision)
  const shown = kind === 't' ? value.slice(value.indexOf(' ') + 1) : value
  if (low === 's') return precision === undefined ? shown : shown.slice(0, precision)
  if (low[0] === 't') return kind === 't' ? moment(BigInt(value.slice(0, value.indexOf(' '))), conversion[1]!) : undefined
  if (low === 'd' || low === 'x' || low === 'o') {
    if (kind !== 'd') return undefined
    if (low === 'd') return signed(BigInt(value) < 0n, grouped(value.replace('-', ''), flags), flags)
    return BigInt.asUintN(64, BigInt(value)).toString(low === 'x' ? 16 : 8)
  }
  if (low === 'c') return undefined
  if (low === 'h') return undefined
  if (kind !== 'f' && kind !== 'D') return undefined
  if (/NaN|Infinity/.test(value)) return flags.includes('+') && value === 'Infinity' ? '+Infinity' : value
  const { digits, exponent } = decimal(value)
  const negative = value.startsWith('-')
  if (low === 'f') return signed(negative, fixed(digits, exponent, precision ?? 6, flags), flags)
  if (low === 'e') return signed(negative, scientific(digits, exponent, precision ?? 6), flags)
  const most = precision === 0 ? 1 : (precision ?? 6)
  const size = Math.abs(Number(value))
  return signed(
    negative,
    size !== 0 && (size < 1e-4 || size >= 10 ** most)
      ? scientific(digits, exponent, most - 1)
      : fixed(digits, exponent, Math.max(0, most - 1 - (size === 0 ? 0 : Math.floor(Math.log10(size)))), flags),
    flags,
  )
}

function signed(negative: boolean, text: string, flags: string): string {
  if (negative) return flags.includes('(') ? `(${text})` : `-${text}`
  return flags.includes('+') ? `+${text}` : flags.includes(' ') ? ` ${text}` : text
}

/** The digits of a number's text, and where its point is: `digits * 10^exponent`. */
function decimal(text: string): { digits: bigint; exponent: number } {
  const [mantissa = '', e = '0'] = text.replace('-', '').toLowerCase().split('e')
  const [whole = '', fraction = ''] = mantissa.split('.')
  return { digits: BigInt(whole + fraction), exponent: Number(e) - fraction.length }
}

/** Java rounds the shortest text of a double, half up. */
function rounded(digits: bigint, drop: number): bigint {
  if (drop <= 0) return digits * 10n ** BigInt(-drop)
  const unit = 10n ** BigInt(drop)
  return (digits + unit / 2n) / unit
}

function fixed(digits: bigint, exponent: number, places: number, flags: string): string {
  const text = String(rounded(digits, -exponent - places)).padStart(places + 1, '0')
  const whole = text.slice(0, text.length - places)
  return grouped(whole, flags) + (places > 0 ? `.${text.slice(whole.length)}` : '')
}

function scientific(digits: bigint, exponent: number, places: number): string {
  if (digits === 0n) return `${fixed(0n, 0, places, '')}e+00`
  const length = String(digits).length
  let text = String(rounded(digits, length - 1 - places))
  let power = exponent + length - 1
  if (text.length > places + 1) {
    power++
    text = text.slice(0, places + 1)
  }
  const shown = String(Math.abs(power)).padStart(2, '0')
  return `${text[0]}${places > 0 ? `.${text.slice(1)}` : ''}e${power < 0 ? '-' : '+'}${shown}`
}

const grouped = (whole: string, flags: string) => (flags.includes(',') ? whole.replace(/\B(?=(\d{3})+$)/g, ',') : whole)

const MOMENT: Record<string, string> = {
  Y: 'yyyy',
  y: 'yy',
  m: 'MM',
  d: 'dd',
  e: 'd',
  B: 'MMMM',
  b: 'MMM',
  h: 'MMM',
  A: 'EEEE',
  a: 'EEE',
  j: 'DDD',
  H: 'HH',
  k: 'H',
  I: 'hh',
  l: 'h',
  M: 'mm',
  S: 'ss',
  L: 'SSS',
  N: 'SSSSSSSSS',
  F: 'yyyy-MM-dd',
  D: 'MM/dd/yy',
  T: 'HH:mm:ss',
  R: 'HH:mm',
  r: 'hh:mm:ss a',
}

function moment(micros: bigint, letter: string): string | undefined {
  if (letter === 'p') return jodaDateText(micros, 'UTC', 'a').toLowerCase()
  if (letter === 's') return String(micros / 1_000_000n)
  return MOMENT[letter] && jodaDateText(micros, 'UTC', MOMENT[letter])
}
