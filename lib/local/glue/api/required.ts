import type { ErrorDetail } from '@aws-sdk/client-glue'
import { ServiceError } from '../../aws/errors.ts'
import { violated } from '../names.ts'

/** A member that must be there; fails with AWS's validation sentence. */
export function required<T>(value: T | undefined | null, field: string): T {
  if (value === undefined || value === null) throw violated(value, field, 'Member must not be null')
  return value
}

/** A list that must be there and hold at most `most` entries. */
export function requiredList<T>(value: T[] | undefined, field: string, most: number): T[] {
  const list = required(value, field)
  if (!Array.isArray(list)) throw violated(list, field, 'Member must be a list')
  if (list.length > most) throw violated(list, field, `Member must have length less than or equal to ${most}`)
  return list
}

/** Runs one entry of a batch call; a service error becomes that entry's `ErrorDetail`. */
export async function attempt(step: () => unknown): Promise<ErrorDetail | undefined> {
  try {
    await step()
    return undefined
  } catch (error) {
    if (error instanceof ServiceError) return { ErrorCode: error.code, ErrorMessage: error.message }
    throw error
  }
}
