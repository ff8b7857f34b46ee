import { afterAll, beforeAll, expect, it } from 'vitest'
import { runtimeError } from '../../../../lib/local/athena/sql/runtime-error.ts'
import { openEngine, type Engine } from './engine.ts'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine()
})
afterAll(() => engine.close())

it.each([
  ['SELECT 1 / (close - close) FROM stockmarket_project WHERE false', undefined],
  ['SELECT 100 / volume FROM stockmarket_project', 'DIVISION_BY_ZERO: Division by zero'],
  ['SELECT cast("index" AS integer) FROM stockmarket_project', "INVALID_CAST_ARGUMENT: Cannot cast 'NYA' to INT"],
  [`SELECT cast("index" || '''' AS bigint) FROM stockmarket_project`, "INVALID_CAST_ARGUMENT: Cannot cast 'NYA'' to BIGINT"],
  ['SELECT cast("index" AS date) FROM stockmarket_project', 'INVALID_CAST_ARGUMENT: Value cannot be cast to date: NYA'],
  ['SELECT cast("index" AS boolean) FROM stockmarket_project', "INVALID_CAST_ARGUMENT: Cannot cast 'NYA' to BOOLEAN"],
  [
    'SELECT 2147483647 + cast(volume * 0 + 1 AS integer) FROM stockmarket_project WHERE volume > 0',
    'NUMERIC_VALUE_OUT_OF_RANGE: integer addition overflow: 2147483647 + 1',
  ],
  ['SELECT sum(volume * 1000000000) FROM stockmarket_project', 'NUMERIC_VALUE_OUT_OF_RANGE'],
  [
    'SELECT split("index", \'.\')[2] FROM stockmarket_project',
    'INVALID_FUNCTION_ARGUMENT: Array subscript must be less than or equal to array length: 2 > 1',
  ],
  [
    "SELECT map(ARRAY[1], ARRAY[2])[cast(close AS integer)] FROM stockmarket_project WHERE date = '2020-01-02' AND \"index\" = 'NYA'",
    'INVALID_FUNCTION_ARGUMENT: Key not present in map: 1003',
  ],
  ['SELECT (SELECT close FROM stockmarket_project)', 'SUBQUERY_MULTIPLE_ROWS: Scalar sub-query has returned multiple rows'],
  ['SELECT regexp_like("index", cast(\'(\' AS varchar)) FROM stockmarket_project', 'INVALID_FUNCTION_ARGUMENT'],
])('%s', async (sql, expected) => {
  const asked = engine.ask(sql).then(
    () => undefined,
    (error: { reason: string }) => error.reason,
  )
  if (expected) expect(await asked).toContain(expected)
  else expect(await asked).toBeUndefined()
})

it('lets no text of the engine through', () => {
  const error = runtimeError('INTERNAL Error: Attempted to access index 7 within vector of size 5')
  expect(error.reason).toBe('GENERIC_INTERNAL_ERROR: Internal error')
  expect(error.cause).toContain('vector of size 5')
})
