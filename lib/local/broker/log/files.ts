import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/** Replaces a file so that a crash leaves the old one or the new one, whole. `durable` waits for the disk as well. */
export function replaceFile(path: string, content: string | Buffer, { durable = true }: { durable?: boolean } = {}): void {
  const temporary = `${path}.tmp`
  const fd = openSync(temporary, 'w')
  try {
    const bytes = Buffer.from(content)
    for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done)
    if (durable) fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  renameSync(temporary, path)
  if (durable) syncFolder(dirname(path))
}

/** Makes renames and removals in a folder durable. */
function syncFolder(path: string): void {
  const fd = openSync(path, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
