/**
 * A crawler's exclude pattern -> a test on keys relative to the include path. `*` and `?` stay within a folder, `**` crosses folders (with a slash
 * behind it also none), `[...]` and `{a,b}` as usual (Glue developer guide, "Include and exclude patterns").
 */
export function compileGlob(pattern: string): (relativeKey: string) => boolean {
  try {
    const expression = new RegExp(`^${sourceOf(pattern)}$`, 's')
    return key => expression.test(key)
  } catch {
    // Such as `[b-a]`: a pattern that cannot be, stands for itself.
    return key => key === pattern
  }
}

/** What may stand at one place: two stars with a slash, two stars, a star, `?`, a bracket, a brace or comma, an escaped character, any other. */
const part = /(?<=^|\/)\*\*\/|\*\*|\*|\?|\[!?\^?[^\]]+\]|[{},]|\\.|[^]/g

function sourceOf(pattern: string): string {
  let braces = 0
  const translate = (text: string): string => {
    if (text === '**/') return '(?:.*/)?'
    if (text === '**') return '.*'
    if (text === '*') return '[^/]*'
    if (text === '?') return '[^/]'
    if (text.length > 2) return bracket(text.slice(1, -1))
    if (text === '{') {
      braces += 1
      return '(?:'
    }
    if (text === '}' && braces > 0) {
      braces -= 1
      return ')'
    }
    return text === ',' && braces > 0 ? '|' : escape(text.at(-1)!)
  }
  return pattern.replace(part, translate) + ')'.repeat(braces)
}

function bracket(inside: string): string {
  const negated = inside.startsWith('!') || inside.startsWith('^')
  const set = (negated ? inside.slice(1) : inside).replace(/[\\\]^[&~]/g, '\\$&')
  return `[${negated ? '^/' : ''}${set}]`
}

const escape = (char: string): string => char.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
