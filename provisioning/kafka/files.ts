import { renameSync, writeFileSync } from 'node:fs'

/** Writes a file in one go: a crash or a full disk leaves the old one. */
export function writeWhole(file: string, text: string, mode = 0o644): void {
  const part = `${file}.part-${process.pid}`
  writeFileSync(part, text, { mode })
  renameSync(part, file)
}
