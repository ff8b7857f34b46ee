/** What is worth a name: long texts, and macros, which DuckDB writes out before it looks at them: nested ones grow without measure. */
const worthNaming = (sql: string) => sql.length > 200 || /\bt_(?!js_)\w+\(/.test(sql)
let depth = 0

/** SQL of `use(name)` where `name` stands for `sql`, without writing a large `sql` down more than once. */
export function once(sql: string, use: (name: string) => string): string {
  if (!worthNaming(sql)) return use(sql)
  depth++
  try {
    const name = `o${depth}_`
    return `list_transform([${sql}], lambda ${name}: ${use(name)})[1]`
  } finally {
    depth--
  }
}
