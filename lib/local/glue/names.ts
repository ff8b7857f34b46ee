import { ServiceError } from '../aws/errors.ts'

/** The account that all local resources belong to. */
export const accountId = '000000000000'

/** Names of databases, tables and columns are stored in lower case. */
export const foldName = (name: string): string => name.toLowerCase()

// Glue's three errors for what is asked of the catalog.
export const notFound = (message: string): ServiceError => new ServiceError('EntityNotFoundException', message)
export const alreadyExists = (message: string): ServiceError => new ServiceError('AlreadyExistsException', message)
export const invalidInput = (message: string): ServiceError => new ServiceError('InvalidInputException', message)

/** A name of 1 to 255 bytes without line ends (Glue's single-line string pattern); fails with Glue's validation sentence. */
export function checkName(name: unknown, field: string): string {
  if (typeof name !== 'string') throw violated(name, field, 'Member must not be null')
  if (name.length < 1) throw violated(name, field, 'Member must have length greater than or equal to 1')
  if (Buffer.byteLength(name) > 255) throw violated(name, field, 'Member must have length less than or equal to 255')
  if (/[\u0000-\u0008\u000a-\u001f]/.test(name)) {
    throw violated(
      name,
      field,
      'Member must satisfy regular expression pattern: [\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\t]*',
    )
  }
  return name
}

/** `1 validation error detected: ...`, the sentence AWS's own front end answers before Glue sees the request. */
export function violated(value: unknown, field: string, rule: string): ServiceError {
  const shown =
    value === undefined || value === null ? 'null' : typeof value === 'string' ? `'${value}'` : `'${JSON.stringify(value)}'`
  const name = value === undefined || value === null ? `Value null` : `Value ${shown}`
  return new ServiceError(
    'ValidationException',
    `1 validation error detected: ${name} at '${field}' failed to satisfy constraint: ${rule}`,
  )
}
