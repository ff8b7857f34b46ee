import type { Catalog } from '../../glue/catalog.ts'
import type { Storage } from '../../s3/storage.ts'
import type { Started } from '../api/start-query.ts'
import type { Statements } from '../api/statements.ts'
import { engineFailure } from '../reading/reading-error.ts'
import type { QueryEngine } from './engine.ts'
import { priceOf, type Execution } from './execution.ts'
import { failureOf, HiveError, LimitExceeded } from './failure.ts'
import type { History } from './history.ts'
import { APPLICATION, putResult, resultPlace } from './outputs.ts'
import { runQuery } from './run-query.ts'

export interface QueryRunsOptions {
  engine: QueryEngine
  catalog: Catalog
  storage: Storage
  history: History
  statements: Statements
  /** A query that takes longer fails. */
  timeMs: number
  log: (line: string) => void
}

/** Stopped by StopQueryExecution, by a limit, or because the home closes. */
class Stopped extends Error {
  override name = 'Stopped'
}

const timeout = (timeMs: number) =>
  new LimitExceeded(`Query timeout: Query exceeded maximum time limit of ${(timeMs / 60_000).toFixed(2)}m`)

/** The queries that are running: each goes from QUEUED over RUNNING to an end, which is written to the history. */
export class QueryRuns {
  private readonly options: QueryRunsOptions
  private readonly running = new Map<string, { controller: AbortController; done: Promise<void> }>()

  constructor(options: QueryRunsOptions) {
    this.options = options
  }

  /** Begins a query in the background. */
  start(started: Started): void {
    const { execution } = started
    this.options.engine.warm()
    this.options.history.add(execution)
    const controller = new AbortController()
    const done = this.run(started, controller).finally(() => this.running.delete(execution.id))
    this.running.set(execution.id, { controller, done })
  }

  /** Cancels a query; one that has ended stays as it is. */
  stop(id: string): void {
    const execution = this.options.history.get(id)
    const run = this.running.get(id)
    if (!run || !execution || execution.completed !== undefined) return
    this.end(execution, 'CANCELLED', {
      failure: { reason: 'Query cancelled by user', category: 2, type: 1000, retryable: false },
    })
    run.controller.abort(new Stopped())
  }

  async close(): Promise<void> {
    const runs = [...this.running.values()]
    for (const { controller } of runs) controller.abort(new Stopped())
    await Promise.allSettled(runs.map(run => run.done))
  }

  private async run({ execution, planned, now, workGroup }: Started, controller: AbortController): Promise<void> {
    const { statements, timeMs, log } = this.options
    let limit: NodeJS.Timeout | undefined
    try {
      const outcome = await runQuery(execution, planned, {
        ...this.options,
        signal: controller.signal,
        cutoff: workGroup.bytesScannedCutoff,
        now,
        onStart: () => {
          this.begin(execution)
          limit = setTimeout(() => controller.abort(timeout(timeMs)), timeMs)
        },
        prepare: (name, sql) => statements.prepare(workGroup.name, name, sql),
        deallocate: name => statements.deallocate(workGroup.name, name),
      })
      this.end(execution, 'SUCCEEDED', outcome)
    } catch (error) {
      await this.fail(execution, controller.signal.aborted ? controller.signal.reason : error)
    } finally {
      clearTimeout(limit)
      const { id, state, type, scannedBytes } = execution
      if (type === 'DML' && scannedBytes > 0)
        log(`query ${id}: ${scannedBytes} bytes scanned, $${priceOf({ type, state, scannedBytes }).toFixed(5)} on AWS`)
    }
  }

  private begin(execution: Execution): void {
    if (execution.completed !== undefined) return
    execution.state = 'RUNNING'
    execution.started = Date.now()
    execution.planned = execution.started
  }

  /** What stops at a limit of bytes is CANCELLED on AWS, all else FAILED. A statement of Hive's half leaves the reason as its result. */
  private async fail(execution: Execution, error: unknown): Promise<void> {
    if (execution.completed !== undefined) return
    const failure = failureOf(error, engineFailure)
    if (failure.reason.startsWith('GENERIC_INTERNAL_ERROR'))
      this.options.log(`query ${execution.id} failed: ${error instanceof Error ? error.message : String(error)}`)
    if (error instanceof HiveError)
      await putResult(resultPlace(this.options.storage, execution.outputLocation), failure.reason, APPLICATION).catch(
        () => undefined,
      )
    const cancelled = error instanceof LimitExceeded && failure.reason.startsWith('Bytes scanned')
    this.end(execution, cancelled ? 'CANCELLED' : 'FAILED', { failure })
  }

  private end(execution: Execution, state: Execution['state'], outcome: Partial<Execution>): void {
    if (execution.completed !== undefined) return
    Object.assign(execution, outcome, { state, completed: Date.now() })
    this.options.history.save(execution)
  }
}
