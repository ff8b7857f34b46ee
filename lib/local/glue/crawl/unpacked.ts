/** The start of packed content. */
export interface Unpacked {
  bytes: Uint8Array
  /** Packed bytes that `bytes` were made of. */
  packedBytes: number
}

/** Copies `length` bytes of `out` from `offset` bytes back to `at`; may overlap itself, which repeats them (both LZ4 and snappy copy so). */
export function copyBack(out: Uint8Array, at: number, { offset, length }: { offset: number; length: number }): void {
  if (offset >= length) out.copyWithin(at, at - offset, at - offset + length)
  else for (let end = at + length, to = at; to < end; to += 1) out[to] = out[to - offset]!
}
