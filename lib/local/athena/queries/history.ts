import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Execution } from './execution.ts'

/** Athena keeps 45 days; this many queries are kept here. */
const KEPT = 10_000

/** Every query there was, newest last; a line of JSON for each change, so that a restart knows them all. */
export class History {
  private readonly file: string
  private readonly executions = new Map<string, Execution>()
  private readonly byToken = new Map<string, Execution>()

  constructor(file: string) {
    this.file = file
    mkdirSync(dirname(file), { recursive: true })
    if (existsSync(file)) this.load()
  }

  get(id: string): Execution | undefined {
    return this.executions.get(id)
  }

  withToken(token: string): Execution | undefined {
    return this.byToken.get(token)
  }

  /** Newest first. */
  list(workGroup: string): Execution[] {
    return [...this.executions.values()].filter(execution => execution.workGroup === workGroup).reverse()
  }

  add(execution: Execution): void {
    this.executions.set(execution.id, execution)
    this.byToken.set(execution.token, execution)
    this.save(execution)
    if (this.executions.size > KEPT * 1.2) this.compact()
  }

  save(execution: Execution): void {
    appendFileSync(this.file, `${JSON.stringify(execution)}\n`)
  }

  removeWorkGroup(workGroup: string): void {
    for (const { id, token } of this.list(workGroup)) {
      this.executions.delete(id)
      this.byToken.delete(token)
    }
    this.compact()
  }

  /** A torn last line (the process was killed) is dropped; a query that was running then has failed. */
  private load(): void {
    for (const line of readFileSync(this.file, 'utf8').split('\n')) {
      const execution = parsed(line)
      if (!execution) continue
      this.executions.set(execution.id, execution)
      this.byToken.set(execution.token, execution)
    }
    for (const execution of this.executions.values()) {
      if (execution.completed !== undefined) continue
      execution.state = 'FAILED'
      execution.completed = execution.submitted
      execution.failure = {
        reason: 'GENERIC_INTERNAL_ERROR: The service was restarted while the query was running',
        category: 1,
        type: 1,
        retryable: true,
      }
    }
    this.compact()
  }

  private compact(): void {
    const surplus = this.executions.size - KEPT
    for (const { id, token } of [...this.executions.values()].slice(0, Math.max(0, surplus))) {
      this.executions.delete(id)
      this.byToken.delete(token)
    }
    const temporary = `${this.file}.new`
    writeFileSync(temporary, [...this.executions.values()].map(execution => `${JSON.stringify(execution)}\n`).join(''))
    renameSync(temporary, this.file)
  }
}

function parsed(line: string): Execution | undefined {
  try {
    return JSON.parse(line) as Execution
  } catch {
    return undefined
  }
}
