import { expect, test } from 'vitest'
import { pageOf, validate, type Shape } from '../../../../lib/local/athena/api/validate.ts'

const SHAPE: Shape = {
  QueryExecutionId: { type: 'string', required: true, min: 1 },
  MaxResults: { type: 'integer', min: 1, max: 50 },
  Names: { type: 'list' },
  Context: { type: 'structure' },
}
const refusal = (input: object) => {
  try {
    validate(input, SHAPE)
  } catch (error) {
    const { code, message } = error as Error & { code: string }
    return `${code}: ${message}`
  }
  return 'accepted'
}

test.each([
  [
    {},
    "InvalidRequestException: 1 validation error detected: Value null at 'queryExecutionId' failed to satisfy constraint: Member must not be null",
  ],
  [
    { QueryExecutionId: null },
    "InvalidRequestException: 1 validation error detected: Value null at 'queryExecutionId' failed to satisfy constraint: Member must not be null",
  ],
  [
    { QueryExecutionId: 'a', MaxResults: 0 },
    "InvalidRequestException: 1 validation error detected: Value at 'maxResults' failed to satisfy constraint: Member must have value greater than or equal to 1",
  ],
  [
    { QueryExecutionId: 'a', MaxResults: 51 },
    "InvalidRequestException: 1 validation error detected: Value at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 50",
  ],
  [
    { QueryExecutionId: '', MaxResults: 0 },
    "InvalidRequestException: 2 validation errors detected: Value at 'queryExecutionId' failed to satisfy constraint: Member must have length greater than or equal to 1; Value at 'maxResults' failed to satisfy constraint: Member must have value greater than or equal to 1",
  ],
  [{ MaxResults: '1' }, 'SerializationException: STRING_VALUE can not be converted to an Integer'],
  [{ QueryExecutionId: 1 }, 'SerializationException: NUMBER_VALUE can not be converted to a String'],
  [{ QueryExecutionId: true }, 'SerializationException: TRUE_VALUE can not be converted to a String'],
  [{ QueryExecutionId: [] }, 'SerializationException: Start of list found where not expected'],
  [{ QueryExecutionId: {} }, 'SerializationException: Start of structure or map found where not expected.'],
  [{ Names: 'a' }, 'SerializationException: Expected list or null'],
  [{ Context: 'a' }, 'SerializationException: Expected null'],
  [{ QueryExecutionId: 'a', Unknown: 1 }, 'accepted'],
])('%j', (input, expected) => expect(refusal(input)).toBe(expected))

test('pages of a list', () => {
  const first = pageOf([1, 2, 3], undefined, 2)
  expect(first.page).toEqual([1, 2])
  expect(pageOf([1, 2, 3], first.NextToken, 2)).toEqual({ page: [3] })
  expect(() => pageOf([1], 'nonsense', 2)).toThrow('The nextPageToken is malformed: nonsense')
})
