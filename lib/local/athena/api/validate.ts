import { ServiceError } from '../../aws/errors.ts'

/** What a field of a request must be. Lengths are of strings, sizes of lists, bounds of numbers. */
export interface Field {
  type: 'string' | 'integer' | 'list' | 'structure' | 'boolean'
  required?: boolean
  min?: number
  max?: number
}

export type Shape = Record<string, Field>

/** Athena's InvalidRequestException; `code` is what it puts into AthenaErrorCode. */
export const invalidRequest = (message: string, code = 'INVALID_INPUT') =>
  new ServiceError('InvalidRequestException', message, { fields: { AthenaErrorCode: code, ErrorCode: code } })

/** Checks a request as Athena's framework does: wrong JSON types first, then all broken constraints in one sentence.
 *  @throws ServiceError SerializationException or InvalidRequestException */
export function validate(input: object, shape: Shape): void {
  const values = input as Record<string, unknown>
  for (const [name, { type }] of Object.entries(shape)) checkType(values[name], type)
  const broken = Object.entries(shape).flatMap(([name, field]) => constraint(name, values[name] ?? undefined, field))
  if (broken.length === 0) return
  const errors = broken.length === 1 ? '1 validation error' : `${broken.length} validation errors`
  throw invalidRequest(`${errors} detected: ${broken.join('; ')}`)
}

const TARGETS = { string: 'a String', integer: 'an Integer', boolean: 'a Boolean' } as const

function checkType(value: unknown, type: Field['type']): void {
  if (value === undefined || value === null) return
  const given = Array.isArray(value) ? 'list' : typeof value
  const fits = { string: 'string', integer: 'number', boolean: 'boolean', list: 'list', structure: 'object' }[type]
  if (given === fits) return
  throw new ServiceError('SerializationException', typeMessage(value, given, type))
}

function typeMessage(value: unknown, given: string, type: Field['type']): string {
  if (given === 'list') return 'Start of list found where not expected'
  if (given === 'object') return 'Start of structure or map found where not expected.'
  if (type === 'list') return 'Expected list or null'
  if (type === 'structure') return 'Expected null'
  const token = given === 'boolean' ? String(value).toUpperCase() : given.toUpperCase()
  return `${token}_VALUE can not be converted to ${TARGETS[type]}`
}

function constraint(name: string, value: unknown, { type, required, min, max }: Field): string[] {
  const key = name[0]!.toLowerCase() + name.slice(1)
  const at = `at '${key}' failed to satisfy constraint: Member must`
  if (value === undefined) return required ? [`Value null ${at} not be null`] : []
  const size =
    type === 'integer' ? (value as number) : type === 'structure' || type === 'boolean' ? 0 : (value as string | unknown[]).length
  const what = type === 'integer' ? 'value' : 'length'
  if (min !== undefined && size < min) return [`Value ${at} have ${what} greater than or equal to ${min}`]
  if (max !== undefined && size > max) return [`Value ${at} have ${what} less than or equal to ${max}`]
  return []
}

/** A page of a list, and the token of the next one. The token is the place in the list.
 *  @throws ServiceError for a token that is none of ours */
export function pageOf<T>(items: T[], token: string | undefined, limit: number): { page: T[]; NextToken?: string } {
  const start =
    token === undefined
      ? 0
      : Number(
          Buffer.from(token, 'base64')
            .toString('latin1')
            .replace(/^page:/, ''),
        )
  if (!Number.isInteger(start) || start < 0 || (token !== undefined && token !== tokenAt(start)))
    throw invalidRequest(`The nextPageToken is malformed: ${token}`)
  const end = start + limit
  return { page: items.slice(start, end), ...(end < items.length && { NextToken: tokenAt(end) }) }
}

const tokenAt = (start: number) => Buffer.from(`page:${start}`).toString('base64')
