/** A cursor over zigzag varints. `at` is -1 after a read past the end or of an overlong number. */
export interface Cursor {
  buffer: Buffer
  at: number
  end: number
}

/** Reads a zigzag varint or varlong as a number; marks the cursor bad (-1) when there is none. */
export function readVarint(cursor: Cursor): number {
  const { buffer, end } = cursor
  let at = cursor.at
  let value = 0
  let shift = 1
  for (let i = 0; i < 10; i++) {
    if (at < 0 || at >= end) break
    const byte = buffer[at++]!
    value += (byte & 0x7f) * shift
    if (byte < 0x80) {
      cursor.at = at
      return value % 2 === 0 ? value / 2 : -(value + 1) / 2
    }
    shift *= 128
  }
  cursor.at = -1
  return 0
}

/** Appends a zigzag varint of a safe integer. */
export function pushVarint(bytes: number[], value: number): void {
  let rest = value >= 0 ? value * 2 : -value * 2 - 1
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) + 0x80)
    rest = Math.floor(rest / 0x80)
  }
  bytes.push(rest)
}
