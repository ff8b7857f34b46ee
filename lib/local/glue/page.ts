import { invalidInput, violated } from './names.ts'

/** What every list call takes. */
export interface PageRequest {
  MaxResults?: number
  NextToken?: string
}

/** One page of a list. The token names the last item answered, so that changes between two calls never repeat or skip the others. `isAfter` tells
 *  whether an item comes after the named one in the list's order. */
export function page<T>(
  items: T[],
  { MaxResults, NextToken }: PageRequest,
  { most, nameOf, isAfter }: { most: number; nameOf: (item: T) => string; isAfter: (item: T, name: string) => boolean },
): { items: T[]; NextToken?: string } {
  const size = checkMaxResults(MaxResults, most) ?? most
  const last = NextToken ? decode(NextToken) : undefined
  const found = last === undefined ? 0 : items.findIndex(item => isAfter(item, last))
  const start = found === -1 ? items.length : found
  const answered = items.slice(start, start + size)
  const more = start + size < items.length
  return { items: answered, ...(more && { NextToken: Buffer.from(nameOf(answered.at(-1)!)).toString('base64') }) }
}

function checkMaxResults(value: number | undefined, most: number): number | undefined {
  if (value === undefined || value === null) return undefined
  if (value < 1) throw violated(value, 'maxResults', 'Member must have value greater than or equal to 1')
  if (value > most) throw violated(value, 'maxResults', `Member must have value less than or equal to ${most}`)
  return value
}

function decode(token: string): string {
  const name = Buffer.from(token, 'base64').toString()
  if (Buffer.from(name).toString('base64') !== token) throw invalidInput('Invalid NextToken.')
  return name
}
