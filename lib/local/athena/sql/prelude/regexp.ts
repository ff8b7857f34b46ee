/** Trino's regular expressions (Java's syntax) in JavaScript, for what DuckDB's RE2 cannot do: look-around, back references, named groups in
 *  replacements, possessive quantifiers, patterns that come from a column. */

const CLASSES: Record<string, string> = {
  Alpha: 'a-zA-Z',
  Digit: '0-9',
  Alnum: 'a-zA-Z0-9',
  Upper: 'A-Z',
  Lower: 'a-z',
  Punct: '!-\\/:-@\\[-`{-~',
  Space: '\\s',
  XDigit: '0-9a-fA-F',
}

const compiled = new Map<string, RegExp>()

/** The JavaScript pattern of a Java one; flags `g` and, when the pattern allows it, `u`. */
export function javaRegExp(pattern: string): RegExp {
  const known = compiled.get(pattern)
  if (known) {
    known.lastIndex = 0
    return known
  }
  let flags = 'g'
  const source = pattern
    .replace(/^\(\?([imsx]+)\)/, (_, letters: string) => {
      flags += letters.replace(/[^ims]/g, '')
      return ''
    })
    .replace(/\\A/g, '^')
    .replace(/\\[zZ]/g, '$')
    .replace(/\\h/g, '[ \\t]')
    .replace(/\(\?>/g, '(?:')
    .replace(/([*+?}])\+/g, '$1')
    .replace(/\[:(\w+):\]/g, (whole, name: string) => CLASSES[name[0]!.toUpperCase() + name.slice(1)] ?? whole)
    .replace(/\\p\{(\w+)\}/g, (whole, name: string) => (CLASSES[name] ? `[${CLASSES[name]}]` : whole))
  let result: RegExp
  try {
    result = new RegExp(source, `${flags}u`)
  } catch {
    try {
      result = new RegExp(source, flags)
    } catch (error) {
      throw new Error(`\u00a1INVALID_FUNCTION_ARGUMENT: ${(error as Error).message}`, { cause: error })
    }
  }
  if (compiled.size > 1000) compiled.clear()
  compiled.set(pattern, result)
  return result
}

function group(match: RegExpMatchArray, index: number): string | null {
  if (index < 0 || index >= match.length)
    throw new Error(`\u00a1INVALID_FUNCTION_ARGUMENT: Pattern has ${match.length - 1} groups. Cannot access group ${index}`)
  return match[index] ?? null
}

/** `$1`, `${name}` and `\$` of a replacement, for one match. */
function replacement(template: string, match: RegExpMatchArray): string {
  return template.replace(/\\(.)|\$\{(\w+)\}|\$(\d+)/g, (_, escaped?: string, name?: string, digits?: string) => {
    if (escaped !== undefined) return escaped
    if (name !== undefined) {
      if (!match.groups || !(name in match.groups))
        throw new Error(`\u00a1INVALID_FUNCTION_ARGUMENT: Invalid replacement sequence: unknown group { ${name} }`)
      return match.groups[name] ?? ''
    }
    let used = digits!.length
    while (used > 1 && Number(digits!.slice(0, used)) >= match.length) used--
    return (group(match, Number(digits!.slice(0, used))) ?? '') + digits!.slice(used)
  })
}

export const regexpLike = (text: string, pattern: string) => javaRegExp(pattern).test(text)
export const regexpCount = (text: string, pattern: string) => BigInt([...text.matchAll(javaRegExp(pattern))].length)

export function regexpExtract(text: string, pattern: string, index: bigint): string | null {
  const match = javaRegExp(pattern).exec(text)
  return match && group(match, Number(index))
}

export const regexpExtractAll = (text: string, pattern: string, index: bigint) =>
  JSON.stringify([...text.matchAll(javaRegExp(pattern))].map(match => group(match, Number(index))))

export const regexpReplace = (text: string, pattern: string, by: string) => {
  let result = ''
  let last = 0
  for (const match of text.matchAll(javaRegExp(pattern))) {
    result += text.slice(last, match.index) + replacement(by, match)
    last = match.index + match[0].length
  }
  return result + text.slice(last)
}

export function regexpSplit(text: string, pattern: string): string {
  return JSON.stringify(regexpBetween(text, pattern).between)
}

/** The texts between the matches, and each match's groups: what regexp_replace with a lambda works on. */
export function regexpBetween(text: string, pattern: string): { between: string[]; groups: (string | null)[][] } {
  const between: string[] = []
  const groups: (string | null)[][] = []
  let last = 0
  for (const match of text.matchAll(javaRegExp(pattern))) {
    between.push(text.slice(last, match.index))
    groups.push(match.slice(1).map(part => part ?? null))
    last = match.index + match[0].length
  }
  return { between: [...between, text.slice(last)], groups }
}

export const regexpPieces = (text: string, pattern: string) => JSON.stringify(regexpBetween(text, pattern))

/** 1-based position of the n-th match at or after `start`; -1 when there is none. */
export function regexpPosition(text: string, pattern: string, start: bigint, occurrence: bigint): number {
  if (start < 1n || occurrence < 1n) throw new Error('\u00a1INVALID_FUNCTION_ARGUMENT: start position cannot be smaller than 1')
  const matches = [...text.matchAll(javaRegExp(pattern))].filter(match => match.index >= Number(start) - 1)
  const match = matches[Number(occurrence) - 1]
  return match ? [...text.slice(0, match.index)].length + 1 : -1
}
