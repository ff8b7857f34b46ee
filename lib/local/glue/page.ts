import { invalidInput, violated } from './names.ts'

/** What every list call takes. */
export interface PageRequest {
  MaxResults?: number
  NextToken?: string
}

/** How a list is ordered. */
export interface Order<T> {
  /** Items of one page at most; also how many come when nothing is asked. */
  most: number
  nameOf(item: T): string
  /** Whether an item comes after the named one. */
  after(name: string): (item: T) => boolean
}

/** A list that is ordered by its names. */
export const byName = <T>(most: number, nameOf: (item: T) => string): Order<T> => ({
  most,
  nameOf,
  after: name => item => nameOf(item) > name,
})

/** One page of a list. The token names the last item answered, so that changes between two calls never repeat or skip the others. */
export function page<T>(
  items: T[],
  { MaxResults, NextToken }: PageRequest,
  { most, nameOf, after }: Order<T>,
): { items: T[]; NextToken?: string } {
  const size = checkMaxResults(MaxResults, most) ?? most
  const start = NextToken ? firstOf(items, after(decode(NextToken))) : 0
  const answered = items.slice(start, start + size)
  const more = start + size < items.length
  return { items: answered, ...(more && { NextToken: Buffer.from(nameOf(answered.at(-1)!)).toString('base64') }) }
}

/** Index of the first item that is after; items that are come behind all that are not. */
function firstOf<T>(items: T[], isAfter: (item: T) => boolean): number {
  let low = 0
  let high = items.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (isAfter(items[middle]!)) high = middle
    else low = middle + 1
  }
  return low
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
