/** Dates as Glue's protocol has them, epoch seconds as numbers: SDKs break on text. Everything else as it is. */
export function toWire<T>(value: T): T {
  if (value instanceof Date) return (value.getTime() / 1000) as T
  if (Array.isArray(value)) return value.map(toWire) as T
  if (value === null || typeof value !== 'object') return value
  const out: Record<string, unknown> = {}
  for (const [key, item] of Object.entries(value)) if (item !== undefined) out[key] = toWire(item)
  return out as T
}

/** The dates of a `TableInput` or `PartitionInput` as they came (epoch seconds) -> `Date`s. */
export function fromWire<T extends { LastAccessTime?: Date; LastAnalyzedTime?: Date }>(input: T): T {
  const date = (value: unknown): Date | undefined => (typeof value === 'number' ? new Date(value * 1000) : undefined)
  const copy = { ...input }
  if (input.LastAccessTime !== undefined) copy.LastAccessTime = date(input.LastAccessTime)
  if (input.LastAnalyzedTime !== undefined) copy.LastAnalyzedTime = date(input.LastAnalyzedTime)
  return copy
}
