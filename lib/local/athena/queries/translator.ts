import { MessageChannel, Worker } from 'node:worker_threads'
import type { Catalog } from '../../glue/catalog.ts'
import { QueryError } from '../sql/error.ts'
import type { Translated } from '../sql/translate.ts'
import { translateContext } from './context.ts'
import { checkStages, tooLarge, translateQuery, type QueryText, type TranslateOptions } from './translate-query.ts'

/** What the thread is told, what it asks on the way, and what it answers. */
export interface Job {
  sql: string
  start: number
  database: string
  parameters: string[] | undefined
  now: Date
}
export type LookUp = { kind: 'table'; schema: string; name: string } | { kind: 'database'; name: string }
export type Looked = { value?: unknown; error?: { code: string; message: string } }
export type Answer =
  { translated: Translated } | { refused: { code: string; message: string } } | { tooDeep: true } | { broken: string }

/** Longer statements are translated in a thread: 262,144 bytes of SQL take seconds, and the server has others to answer. */
const LONG = 4096
/** Trino's own limit of planning is 10 minutes; nothing that can be run takes this long here. */
const MOST_MS = 60_000
/** A thread that had nothing to do for so long ends. */
const IDLE_MS = 20_000

/** Translates queries: short ones at once, long ones in a thread of its own, one after the other. */
export class Translator {
  private readonly catalog: Catalog
  private thread: Worker | undefined
  private last: Promise<unknown> = Promise.resolve()
  private idle: NodeJS.Timeout | undefined

  constructor(catalog: Catalog) {
    this.catalog = catalog
  }

  /** @throws QueryError */
  async translate(query: QueryText, options: TranslateOptions): Promise<Translated> {
    if (query.end - query.start <= LONG) return translateQuery(this.catalog, query, options)
    checkStages(query.sql)
    const turn = this.last.then(() => this.apart(query, options))
    this.last = turn.catch(() => undefined)
    return turn
  }

  async close(): Promise<void> {
    clearTimeout(this.idle)
    await this.thread?.terminate()
    this.thread = undefined
  }

  private async apart({ sql, start, end }: QueryText, { database, parameters, now }: TranslateOptions): Promise<Translated> {
    clearTimeout(this.idle)
    this.thread ??= this.open()
    const { thread } = this
    const job: Job = { sql: sql.slice(0, end), start, database, parameters, now }
    const answer = await answerOf(thread, job)
    return this.settled(thread, answer)
  }

  private settled(thread: Worker, answer: Answer): Translated {
    if ('tooDeep' in answer) {
      this.thread = undefined
      void thread.terminate()
      throw tooLarge()
    }
    this.idle = setTimeout(() => void this.close(), IDLE_MS).unref()
    if ('broken' in answer) throw new Error(answer.broken)
    if ('refused' in answer) throw new QueryError(answer.refused.code, answer.refused.message)
    return answer.translated
  }

  private open(): Worker {
    const { port1: server, port2: catalog } = new MessageChannel()
    const bell = new SharedArrayBuffer(4)
    const rung = new Int32Array(bell)
    const thread = new Worker(new URL('./translator-thread.ts', import.meta.url), {
      workerData: { bell, catalog },
      transferList: [catalog],
      resourceLimits: { maxOldGenerationSizeMb: 512 },
    })
    const context = translateContext(this.catalog, { now: new Date() })
    server.on('message', (question: LookUp) => {
      let looked: Looked
      try {
        looked = {
          value: question.kind === 'table' ? context.table(question.schema, question.name) : context.hasDatabase(question.name),
        }
      } catch (error) {
        looked = {
          error: { code: error instanceof QueryError ? error.code : 'GENERIC_INTERNAL_ERROR', message: (error as Error).message },
        }
      }
      server.postMessage(looked)
      Atomics.store(rung, 0, 1)
      Atomics.notify(rung, 0)
    })
    server.unref()
    thread.unref()
    return thread
  }
}

/** Out of memory, of stack or of time: the thread is given up, the server is not. */
function answerOf(thread: Worker, job: Job): Promise<Answer> {
  return new Promise(resolve => {
    const giveUp = () => settle({ tooDeep: true })
    const settle = (answer: Answer) => {
      clearTimeout(limit)
      thread.off('message', settle).off('error', giveUp).off('exit', giveUp)
      resolve(answer)
    }
    const limit = setTimeout(giveUp, MOST_MS)
    thread.on('message', settle).on('error', giveUp).on('exit', giveUp)
    thread.postMessage(job)
  })
}
