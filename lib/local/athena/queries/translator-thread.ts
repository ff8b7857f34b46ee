import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { QueryError } from '../sql/error.ts'
import { translate } from '../sql/translate.ts'
import type { Answer, Job, LookUp, Looked } from './translator.ts'

const { bell, catalog } = workerData as { bell: SharedArrayBuffer; catalog: import('node:worker_threads').MessagePort }
const rung = new Int32Array(bell)

/** Asks the server for something of its catalog, and waits. */
function ask<T>(question: LookUp): T {
  Atomics.store(rung, 0, 0)
  catalog.postMessage(question)
  Atomics.wait(rung, 0, 0)
  const { value, error } = receiveMessageOnPort(catalog)!.message as Looked
  if (error) throw revived(error)
  return value as T
}

const revived = ({ code, message }: { code: string; message: string }) => new QueryError(code, message)

parentPort!.on('message', ({ sql, start, database, parameters, now }: Job) => {
  let answer: Answer
  try {
    const translated = translate(sql, {
      start,
      database,
      parameters,
      now,
      table: (schema, name) => ask({ kind: 'table', schema, name }),
      hasDatabase: name => ask({ kind: 'database', name }),
    })
    answer = { translated }
  } catch (error) {
    if (error instanceof RangeError) answer = { tooDeep: true }
    else if (error instanceof QueryError) answer = { refused: { code: error.code, message: error.message } }
    else answer = { broken: (error as Error).stack ?? String(error) }
  }
  parentPort!.postMessage(answer)
})
