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

/** A result as JSON on stdout. bigints are written as numbers. */
export function printJson(value: unknown): void {
  console.log(JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? Number(item) : item), 2))
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

/** Numbers of command-line options. Throws `LabError` OPTION. */
export function numberOption(
  name: string,
  { min = 0, whole = true }: { min?: number; whole?: boolean } = {},
): (text: string) => number {
  return text => {
    const value = Number(text)
    if (text.trim() === '' || !Number.isFinite(value) || value < min || (whole && !Number.isInteger(value))) {
      throw new LabError(
        'OPTION',
        `--${name}: expected a ${whole ? 'whole ' : ''}number from ${min}, got ${JSON.stringify(text)}.`,
      )
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
