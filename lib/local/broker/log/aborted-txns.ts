import { appendFileSync, existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { replaceFile } from './files.ts'

/** An aborted transaction of a partition: consumers that read committed records drop the producer's records between the two offsets. */
export interface AbortedTxn {
  producerId: number
  firstOffset: number
  /** Of the abort marker. */
  lastOffset: number
  lastStableOffset: number
}

/** `.txnindex`: version i16 = 0, producerId i64, firstOffset i64, lastOffset i64, lastStableOffset i64; one file beside each segment with aborts. */
const entryBytes = 34

export function encodeAborted(txn: AbortedTxn): Buffer {
  const bytes = Buffer.alloc(entryBytes)
  bytes.writeBigInt64BE(BigInt(txn.producerId), 2)
  bytes.writeBigInt64BE(BigInt(txn.firstOffset), 10)
  bytes.writeBigInt64BE(BigInt(txn.lastOffset), 18)
  bytes.writeBigInt64BE(BigInt(txn.lastStableOffset), 26)
  return bytes
}

export function decodeAborted(bytes: Buffer): AbortedTxn[] {
  const txns: AbortedTxn[] = []
  for (let at = 0; at + entryBytes <= bytes.length; at += entryBytes) {
    const int64 = (offset: number): number => Number(bytes.readBigInt64BE(at + offset))
    txns.push({ producerId: int64(2), firstOffset: int64(10), lastOffset: int64(18), lastStableOffset: int64(26) })
  }
  return txns
}

export const appendAborted = (path: string, txn: AbortedTxn): void => appendFileSync(path, encodeAborted(txn))

/** All aborted transactions of a partition that ended before `offset`; later ones are cut from the files, a scan finds them again. */
export function loadAborted(dir: string, offset: number): AbortedTxn[] {
  const all: AbortedTxn[] = []
  for (const name of readdirSync(dir)) {
    if (!name.endsWith('.txnindex')) continue
    const path = join(dir, name)
    const bytes = existsSync(path) ? readFileSync(path) : Buffer.alloc(0)
    const kept = decodeAborted(bytes).filter(txn => txn.lastOffset < offset)
    if (kept.length * entryBytes !== bytes.length) replaceFile(path, Buffer.concat(kept.map(encodeAborted)))
    all.push(...kept)
  }
  return all.sort((a, b) => a.lastOffset - b.lastOffset)
}
