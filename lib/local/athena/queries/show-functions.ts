import { findFunction, functionNames } from '../sql/functions/registry.ts'
import { quoteText } from '../sql/types/types.ts'

const COLUMNS = ['Function', 'Return Type', 'Argument Types', 'Function Type', 'Deterministic', 'Description']
const CHANGING = /^(random|rand|shuffle|uuid|now)$/

/** SHOW FUNCTIONS as a query: a row for each signature that the translator knows. The pattern is SQL's LIKE. */
export function functionsQuery(like: string | undefined): string {
  const rows = functionNames().sort().flatMap(rowsOf)
  const names = COLUMNS.map(column => `"${column}"`).join(', ')
  const where = like === undefined ? '' : ` WHERE "Function" LIKE ${quoteText(like)}`
  return `SELECT * FROM (VALUES ${rows.join(', ')}) AS functions(${names})${where} ORDER BY 1, 2, 3`
}

function rowsOf(name: string): string[] {
  const { kind, signatures } = findFunction(name)!
  return signatures.map(({ text }) => {
    const end = closingBracket(text)
    const cells = [name, text.slice(end + 1).trim(), text.slice(text.indexOf('(') + 1, end), kind].map(quoteText)
    return `(${cells.join(', ')}, ${!CHANGING.test(name)}, '')`
  })
}

/** Of the parameter list. */
function closingBracket(text: string): number {
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '(') depth++
    if (text[i] === ')' && --depth === 0) return i
  }
  return text.length
}
