const fail = (message: string): never => {
  throw new Error(`\u00a1INVALID_FUNCTION_ARGUMENT: ${message}`)
}

export function normalize(text: string, form: string): string {
  return ['NFC', 'NFD', 'NFKC', 'NFKD'].includes(form)
    ? text.normalize(form)
    : fail(`Normalization form must be one of [NFD, NFC, NFKD, NFKC]`)
}

/** UTF-8 to text; every bad byte becomes U+FFFD. */
export const fromUtf8 = (data: Buffer) => new TextDecoder('utf-8').decode(data)

const SOUNDEX: Record<string, string> = {
  B: '1',
  F: '1',
  P: '1',
  V: '1',
  C: '2',
  G: '2',
  J: '2',
  K: '2',
  Q: '2',
  S: '2',
  X: '2',
  Z: '2',
  D: '3',
  T: '3',
  L: '4',
  M: '5',
  N: '5',
  R: '6',
}

export function soundex(text: string): string {
  const letters = text.toUpperCase().replace(/[^A-Z]/g, '')
  if (!letters) return ''
  let result = letters[0]!
  let last = SOUNDEX[letters[0]!]
  for (const letter of letters.slice(1)) {
    const code = SOUNDEX[letter]
    if (code && code !== last) result += code
    if (letter !== 'H' && letter !== 'W') last = code
  }
  return result.slice(0, 4).padEnd(4, '0')
}

/** Java's URLEncoder: form encoding, `*` and `_` kept. */
export const urlEncode = (text: string) =>
  encodeURIComponent(text)
    .replace(/%20/g, '+')
    .replace(/[!'()~]/g, c => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)

export function urlDecode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return fail(`Illegal hex characters in escape (%) pattern`)
  }
}

export function urlParameter(url: string, name: string): string | null {
  if (/[\s"<>\\^`{|}]/.test(url)) return null
  const query = /^[^?#]*\?([^#]*)/.exec(url)?.[1]
  for (const pair of query?.split('&') ?? []) {
    const [key, ...value] = pair.split('=')
    if (key === name) return urlDecode(value.join('='))
  }
  return null
}

export function fromBase(text: string, radix: bigint): bigint {
  const base = Number(radix)
  if (base < 2 || base > 36) fail('Radix must be between 2 and 36')
  const digits = text.replace(/^[+-]/, '').toLowerCase()
  const valid = digits.length > 0 && [...digits].every(digit => parseInt(digit, 36) < base)
  if (!valid) fail(`Not a valid base-${base} number: ${text}`)
  let value = 0n
  for (const digit of digits) value = value * BigInt(base) + BigInt(parseInt(digit, 36))
  if (value > 1n << 63n) fail(`Not a valid base-${base} number: ${text}`)
  return text.startsWith('-') ? -value : value
}

export function toBase(value: bigint, radix: bigint): string {
  if (radix < 2n || radix > 36n) fail('Radix must be between 2 and 36')
  return value.toString(Number(radix))
}

/** json_parse: compact text with keys in order; the numbers stay as they were typed. */
export function jsonParse(text: string): string {
  const bad = (): never => {
    throw new Error(`\u00a1INVALID_FUNCTION_ARGUMENT: Cannot convert value to JSON: '${text}'`)
  }
  let value: unknown
  try {
    value = JSON.parse(text, (_, item, context?: { source?: string }) =>
      typeof item === 'number' && context?.source ? rawNumber(context.source) : item,
    )
  } catch {
    return bad()
  }
  return sorted(value)
}

interface RawNumber {
  raw: string
}
const RAW = new WeakSet<object>()
function rawNumber(source: string): RawNumber {
  const holder = { raw: /[.eE]/.test(source) ? javaNumber(Number(source)) : source }
  RAW.add(holder)
  return holder
}

/** A double as Java prints it. */
export function javaNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  const size = Math.abs(value)
  if (value === 0 || (size >= 1e-3 && size < 1e7))
    return Number.isInteger(value) ? `${Object.is(value, -0) ? '-0' : value}.0` : String(value)
  return scientific(value)
}

/** A double as CAST to varchar prints it: `1.5E0`. */
export function scientific(value: number): string {
  const [mantissa, exponent] = value.toExponential().split('e') as [string, string]
  return `${mantissa.includes('.') ? mantissa : `${mantissa}.0`}E${Number(exponent)}`
}

function sorted(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sorted).join(',')}]`
  if (value && typeof value === 'object') {
    if (RAW.has(value)) return (value as RawNumber).raw
    const keys = Object.keys(value).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    return `{${keys.map(key => `${JSON.stringify(key)}:${sorted((value as Record<string, unknown>)[key])}`).join(',')}}`
  }
  return JSON.stringify(value)
}

/** A number of a JSON text as it was typed; `path` is one of DuckDB's (`$."a"[0]`). */
export function jsonNumber(text: string, path: string): string | null {
  let value: unknown = JSON.parse(text, (_, item, context?: { source?: string }) =>
    typeof item === 'number' ? { raw: context?.source ?? String(item) } : item,
  )
  for (const [, key, index] of path.matchAll(/\."((?:[^"\\]|\\.)*)"|\[(\d+)\]/g)) {
    if (!value || typeof value !== 'object') return null
    value = (value as Record<string, unknown>)[key === undefined ? index! : key.replaceAll('\\"', '"')]
  }
  return (value as RawNumber | undefined)?.raw ?? null
}
