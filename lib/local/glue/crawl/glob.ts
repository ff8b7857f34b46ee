/**
 * A crawler's exclude pattern -> a test on keys relative to the include path. `*` and `?` stay within a folder, `**` crosses folders (with a slash
 * behind it also none), `[...]` and `{a,b}` as usual (Glue developer guide, "Include and exclude patterns").
 */
export function compileGlob(pattern: string): (relativeKey: string) => boolean {
  let source = ''
  let braces = 0
  for (let at = 0; at < pattern.length; at += 1) {
    const char = pattern[at]!
    if (pattern.startsWith('**/', at) && (at === 0 || pattern[at - 1] === '/')) {
      source += '(?:.*/)?'
      at += 2
    } else if (char === '*' && pattern[at + 1] === '*') {
      source += '.*'
      at += 1
    } else if (char === '*') source += '[^/]*'
    else if (char === '?') source += '[^/]'
    else if (char === '[') {
      const end = pattern.indexOf(']', at + 2)
      if (end === -1) source += '\\['
      else {
        source += bracket(pattern.slice(at + 1, end))
        at = end
      }
    } else if (char === '{') {
      braces += 1
      source += '(?:'
    } else if (char === '}' && braces > 0) {
      braces -= 1
      source += ')'
    } else if (char === ',' && braces > 0) source += '|'
    else if (char === '\\' && at + 1 < pattern.length) source += escape(pattern[(at += 1)]!)
    else source += escape(char)
  }
  try {
    const expression = new RegExp(`^${source}${')'.repeat(braces)}$`, 's')
    return key => expression.test(key)
  } catch {
    // Such as `[b-a]`: a pattern that cannot be, stands for itself.
    return key => key === pattern
  }
}

function bracket(inside: string): string {
  const negated = inside.startsWith('!') || inside.startsWith('^')
  const set = (negated ? inside.slice(1) : inside).replace(/[\\\]^[&~]/g, '\\$&')
  return `[${negated ? '^/' : ''}${set}]`
}

const escape = (char: string): string => char.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
