import { expect, test } from 'vitest'
import { compileExpression } from '../../../lib/local/glue/expression.ts'

const keys = [
  { Name: 'dt', Type: 'string' },
  { Name: 'n', Type: 'int' },
  { Name: 'day', Type: 'date' },
  { Name: 'price', Type: 'decimal(10,2)' },
  { Name: 'at', Type: 'timestamp' },
]
const values = ['2020-01-02', '10', '2020-01-02', '9.50', '2020-01-02 03:04:05']
const matches = (expression: string, row = values): boolean => compileExpression(expression, keys)(row)

test.each([
  ["dt = '2020-01-02'", true],
  ["dt='2020-01-02'", true],
  ["DT = '2020-01-02'", true],
  ["`dt` = '2020-01-02'", true],
  ['"dt" = \'2020-01-02\'', true],
  ["dt <> '2020-01-02'", false],
  ["dt != '2020-01-03'", true],
  ["dt > '2020-01-01' AND dt <= '2020-01-02'", true],
  ["dt LIKE '2020-__-02'", true],
  ["dt LIKE '2020%'", true],
  ["dt like '%.%'", false],
  ["dt NOT LIKE '2021%'", true],
  ["dt IN ('a', '2020-01-02')", true],
  ["dt NOT IN ('a', '2020-01-02')", false],
  ['n > 9', true],
  ["n > '9'", true],
  ['n = 010', true],
  ['n BETWEEN 10 AND 11', true],
  ['n NOT BETWEEN 10 AND 11', false],
  ['n >= 1 AND n < 10 OR n = 10', true],
  ['n = 1 OR n = 10 AND price > 100', false],
  ['(n = 1 OR n = 10) AND price > 9', true],
  ['NOT n = 1', true],
  ['NOT (n = 10 OR n = 1)', false],
  ['price = 9.5', true],
  ['price > 10', false],
  ["day >= '2020-01-02' and day < '2020-02-01'", true],
  ["day = date '2020-01-02'", true],
  ["at > '2020-01-02 03:04:04'", true],
  ["'2020-01-02' = dt", true],
  ['n IS NULL', false],
  ['n IS NOT NULL', true],
  ["dt = 'it''s'", false],
  ['n = -10', false],
])('%s is %s', (expression, expected) => {
  expect(matches(expression)).toBe(expected)
})

test('a null partition matches IS NULL only', () => {
  const row = ['__HIVE_DEFAULT_PARTITION__', '1', '2020-01-01', '1', '2020-01-01']
  expect(matches('dt IS NULL', row)).toBe(true)
  expect(matches("dt <> 'x'", row)).toBe(false)
  expect(matches("dt NOT IN ('x')", row)).toBe(false)
})

test.each([
  ["nope = 'x'", /Unknown column 'nope'/],
  ['n = abc', /Unknown column 'abc'/],
  ["n = 'abc'", /"abc" is not an integer\./],
  ["day = 'yesterday'", /"yesterday" is not a date\./],
  ["price > 'x'", /"x" is not a decimal\./],
  ["dt = 'open", /Unsupported expression/],
  ['dt', /Unsupported expression/],
  ["dt = 'a' AND", /Unsupported expression/],
  ["(dt = 'a'", /Unsupported expression/],
  ["dt = 'a')", /Unsupported expression/],
  ["dt = 'a'; drop", /Unsupported expression/],
  ['dt LIKE n', /Unsupported expression/],
])('%s fails', (expression, message) => {
  expect(() => compileExpression(expression, keys)).toThrow(message)
})

test('a type that cannot be compared is refused', () => {
  expect(() => compileExpression("a = 'x'", [{ Name: 'a', Type: 'array<int>' }])).toThrow("Unknown type : 'array<int>'")
})
