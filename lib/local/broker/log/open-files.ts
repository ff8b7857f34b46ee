import { closeSync, openSync } from 'node:fs'

/** File descriptors of log segments, opened when first used; the longest unused ones are closed, so that thousands of partitions fit in a
 *  process's limit. */
export class OpenFiles {
  readonly #limit: number
  readonly #open = new Map<string, number>()

  constructor(limit = 400) {
    this.#limit = limit
  }

  /** A descriptor for reading and writing; the file is made when missing. Only valid until the next call. */
  get(path: string): number {
    let fd = this.#open.get(path)
    if (fd === undefined) {
      if (this.#open.size >= this.#limit) this.close(this.#open.keys().next().value!)
      fd = openReadWrite(path)
    } else this.#open.delete(path)
    this.#open.set(path, fd)
    return fd
  }

  close(path: string): void {
    const fd = this.#open.get(path)
    if (fd === undefined) return
    this.#open.delete(path)
    closeSync(fd)
  }

  closeAll(): void {
    for (const path of [...this.#open.keys()]) this.close(path)
  }
}

function openReadWrite(path: string): number {
  try {
    return openSync(path, 'r+')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return openSync(path, 'wx+')
  }
}
