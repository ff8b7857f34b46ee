import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** A small state kept as one JSON file, written whole with every change. */
export class StateFile<T extends object> {
  private readonly file: string
  readonly value: T

  constructor(file: string, initial: T) {
    this.file = file
    mkdirSync(dirname(file), { recursive: true })
    this.value = existsSync(file) ? { ...initial, ...(JSON.parse(readFileSync(file, 'utf8')) as T) } : initial
  }

  save(): void {
    const temporary = `${this.file}.new`
    writeFileSync(temporary, JSON.stringify(this.value))
    renameSync(temporary, this.file)
  }
}
