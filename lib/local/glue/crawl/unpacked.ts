/** The start of packed content. */
export interface Unpacked {
  bytes: Uint8Array
  /** Packed bytes that `bytes` were made of. */
  packedBytes: number
}

/** Bytes [from, end) of a packed object; throws `damage` when it ends before. */
export function part(packed: Buffer, { from, end, damage }: { from: number; end: number; damage: string }): Buffer {
  if (from > end || end > packed.length) throw new Error(damage)
  return packed.subarray(from, end)
}
