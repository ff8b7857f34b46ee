import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { replaceFile } from './files.ts'

/** Kafka's offset checkpoint files: version 0, a count, then a line `topic partition offset` for each partition. */
export type Offsets = Map<string, number>

export const recoveryPointFile = 'recovery-point-offset-checkpoint'
export const startOffsetFile = 'log-start-offset-checkpoint'

/** By `<topic>-<partition>`. A missing or damaged file is an empty one: everything is checked again then. */
export function readCheckpoint(dir: string, file: string): Offsets {
  const path = join(dir, file)
  const offsets: Offsets = new Map()
  if (!existsSync(path)) return offsets
  const [version, count, ...lines] = readFileSync(path, 'utf8').trimEnd().split('\n')
  if (version !== '0' || Number(count) !== lines.length) return offsets
  for (const line of lines) {
    const [topic, partition, offset] = line.split(' ')
    if (/^\d+$/.test(partition ?? '') && /^\d+$/.test(offset ?? '')) offsets.set(`${topic}-${partition}`, Number(offset))
  }
  return offsets
}

export function writeCheckpoint(
  dir: string,
  file: string,
  offsets: Offsets,
  { durable = true }: { durable?: boolean } = {},
): void {
  const lines = [...offsets].map(([name, offset]) => {
    const dash = name.lastIndexOf('-')
    return `${name.slice(0, dash)} ${name.slice(dash + 1)} ${offset}`
  })
  replaceFile(join(dir, file), `0\n${lines.length}\n${lines.map(line => `${line}\n`).join('')}`, { durable })
}
