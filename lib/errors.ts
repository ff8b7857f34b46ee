/** An error meant for a person. The message reads *subject, problem, value, next step*; `code` is stable, for programs and tests. */
export class LabError extends Error {
  readonly code: string

  constructor(code: string, message: string, options: { cause?: unknown } = {}) {
    super(message, options)
    this.name = 'LabError'
    this.code = code
  }

  /** What a notebook or a terminal shows of it: for a person, so without stack and causes (`error.stack`, `error.cause` have them). */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.message.startsWith(`${this.code}: `) ? `LabError ${this.message}` : `LabError ${this.code}: ${this.message}`
  }
}

/** The sentence of anything that was thrown, without stack; AWS and Kafka errors keep their name in front. */
export function errorMessage(error: unknown): string {
  if (error instanceof LabError) return error.message
  if (error instanceof AggregateError && error.errors.length > 0) return errorMessage(error.errors[0])
  if (!(error instanceof Error)) return String(error)
  const name = error.name === 'Error' || error.name.startsWith('KafkaJS') ? '' : `${error.name}: `
  return name + error.message
}
