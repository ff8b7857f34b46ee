import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { QueryError } from '../../../../lib/local/athena/sql/error.ts'
import { openEngine, type Engine } from './engine.ts'

/** One query and what a real Trino 476 answered (decimal literals read as doubles, as Athena does). */
interface Case {
  name: string
  sql: string
  ordered?: boolean
  /** Names and types as GetQueryResults shows them. */
  columns?: [name: string, type: string][]
  rows?: (string | null)[][]
  /** Trino's error name. */
  error?: string
  /** Line and column of the error, where Trino gives them. */
  at?: string
  /** Why the answer is another one here; the test says so when that ends. */
  deviates?: string
}

const folder = new URL('../../../fixtures/athena/', import.meta.url)
const families = readdirSync(folder).filter(file => file.endsWith('.json'))
let engine: Engine
beforeAll(async () => {
  engine = await openEngine()
})
afterAll(() => engine.close())

for (const file of families)
  describe(file, () => {
    const cases = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Case[]
    for (const one of cases) {
      const test = one.deviates ? it.fails : it
      test(one.name, () => check(one))
    }
  })

async function check({ sql, ordered, columns, rows, error, at }: Case): Promise<void> {
  if (error) {
    const thrown = await engine.ask(sql).then(
      answer => expect.fail(`expected ${error}, got ${JSON.stringify(answer.rows).slice(0, 200)}`),
      (reason: unknown) => reason as QueryError,
    )
    expect(thrown).toBeInstanceOf(QueryError)
    expect(thrown.code).toBe(error)
    if (at && error !== 'SYNTAX_ERROR') expect(thrown.message).toMatch(new RegExp(`^line ${at}: `))
    return
  }
  const answer = await engine.ask(sql)
  expect(answer.columns.map(({ name, type }) => [name, type])).toEqual(columns)
  const sorted = (list: (string | null)[][]) =>
    ordered ? list : list.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  /** Doubles are compared to 12 digits: the order of a sum may differ. */
  const rounded = (value: string | null, column: number) =>
    columns![column]![1] === 'double' && value !== null ? Number(value).toPrecision(12) : value
  expect(sorted(answer.rows).map(row => row.map(rounded))).toEqual(sorted(rows!).map(row => row.map(rounded)))
}
