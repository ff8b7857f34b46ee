/** What may stand in a remote script: text, numbers, and lists of these. */
export type ScriptValue = string | number | readonly (string | number)[]

/** A bash script in which every `${value}` is one word of data (a list: one word each), whatever is in it. */
export function script(parts: TemplateStringsArray, ...values: ScriptValue[]): string {
  const words = values.map(value => (Array.isArray(value) ? value : [value]).map(word => quote(String(word))).join(' '))
  return parts.reduce((text, part, index) => text + words[index - 1] + part)
}

/** One bash word: single quotes take everything literally but the single quote itself. Throws on NUL, which no argument can hold. */
export function quote(text: string): string {
  if (text.includes('\0')) throw new Error('a NUL character cannot be passed to a shell')
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
