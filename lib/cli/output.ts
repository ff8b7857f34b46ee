import { errorMessage, LabError } from '../errors.ts'
import { openLab, type Lab } from '../lab.ts'
import { table } from '../notebook.ts'

/** Opens the lab for one command and closes it whatever happens. */
export async function withLab<T>(work: (lab: Lab) => Promise<T>): Promise<T> {
  const lab = openLab()
  try {
    return await work(lab)
  } finally {
    await lab.close()
  }
}

/** One line on stderr for a person and exit code 1; the stack only for what nobody foresaw. */
export function reportError(error: unknown): void {
  console.error(`error: ${errorMessage(error)}`)
  if (!(error instanceof LabError) && error instanceof Error) console.error(error.stack)
  process.exitCode = 1
}

/** As JSON has it in ES2026; TypeScript does not know it yet. */
const exactJson = JSON as unknown as { rawJSON(text: string): unknown }

/** A result as JSON on stdout. bigints are written as numbers with all their digits. */
export function printJson(value: unknown): void {
  console.log(JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? exactJson.rawJSON(String(item)) : item), 2))
}

/** All rows as a plain table, numbers to the right. */
export function printTable<Row extends object>(rows: readonly Row[], columns?: readonly (keyof Row & string)[]): void {
  table(rows, { columns, limit: Infinity })
}

/** `12.3 kB`: bytes for people, in powers of 1,000. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  const power = Math.min(Math.floor(Math.log10(bytes) / 3), 4)
  return `${(bytes / 1000 ** power).toFixed(1)} ${['B', 'kB', 'MB', 'GB', 'TB'][power]}`
}

/** `1 object`, `2 objects`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** Tells of the first ten rows that are left out, then only how many there were. */
export class LeftOut {
  count = 0
  readonly #tell: (line: string) => void

  constructor(tell: (line: string) => void) {
    this.#tell = tell
  }

  readonly add = (error: LabError): void => {
    if (++this.count <= 10) this.#tell(error.message)
  }

  end(): void {
    if (this.count > 10) this.#tell(`${counted(this.count - 10, 'more row')} left out.`)
  }
}

/** Numbers of command-line options. Throws `LabError` OPTION. */
export function numberOption(
  name: string,
  { min = 0, max = Infinity, whole = true }: { min?: number; max?: number; whole?: boolean } = {},
): (text: string) => number {
  const range = [...(min > -Infinity ? [`from ${min}`] : []), ...(max < Infinity ? [`to ${max}`] : [])].join(' ')
  return text => {
    const value = Number(text)
    if (text.trim() === '' || !Number.isFinite(value) || value < min || value > max || (whole && !Number.isInteger(value))) {
      throw new LabError('OPTION', `--${name}: expected a ${whole ? 'whole ' : ''}number ${range}, got ${JSON.stringify(text)}.`)
    }
    return value
  }
}

/** Aborts with the first Ctrl-C, so that a command can end what it is at; a second one ends the process. */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController()
  process.once('SIGINT', () => controller.abort(new LabError('INTERRUPTED', 'interrupted.')))
  process.once('SIGTERM', () => controller.abort(new LabError('INTERRUPTED', 'interrupted.')))
  return controller.signal
}
