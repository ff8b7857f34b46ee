import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { replaceFile } from '../log/files.ts'

const blockSize = 1000

/** Hands out producer ids, never one twice: the end of a block is on disk before the first id of it is given. */
export class ProducerIds {
  readonly #path: string
  #next: number
  #end: number

  constructor(dir: string) {
    this.#path = join(dir, 'producer-ids.json')
    const stored = existsSync(this.#path) ? (JSON.parse(readFileSync(this.#path, 'utf8')) as { nextBlock: number }).nextBlock : 0
    this.#next = this.#end = stored
  }

  next(): number {
    if (this.#next === this.#end) {
      replaceFile(this.#path, JSON.stringify({ nextBlock: this.#end + blockSize }))
      this.#end += blockSize
    }
    return this.#next++
  }
}
