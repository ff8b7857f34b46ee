import { createRequire } from 'node:module'

type Stream = (name: string, text: string) => void
type Display = (data: object, update: boolean) => void
type Execute = (request: unknown, stream: Stream, display: Display) => Promise<unknown>
interface Handler {
  handleExecuteImpl: Execute
  isBatched?: boolean
}

/**
 * Keeps a notebook's output whole: tslab sends a ZeroMQ message for each write and loses everything after about 510 in one turn of the event loop
 * (zeromq.js issues 406 and 427). From the next cell on, writes of one turn go out together. Answers false outside a notebook.
 */
export function batchOutput(): boolean {
  const handler = findHandler()
  if (!handler) return false
  if (handler.isBatched) return true
  const execute = handler.handleExecuteImpl
  handler.handleExecuteImpl = function (this: unknown, request, stream, display) {
    const { write, flush } = batched(stream)
    return execute.call(this, request, write, (data, update) => {
      flush()
      display(data, update)
    })
  }
  handler.isBatched = true
  return true
}

/** Collects what is written in one turn of the event loop; stdout and stderr stay in order. */
export function batched(stream: Stream): { write: Stream; flush: () => void } {
  let name = ''
  let text = ''
  const flush = () => {
    const all = text
    text = ''
    if (all) stream(name, all)
  }
  const write: Stream = (to, more) => {
    if (text && to !== name) flush()
    if (!text) queueMicrotask(flush)
    name = to
    text += more
  }
  return { write, flush }
}

/** tslab's own code, loaded only when this process is a tslab kernel. */
function findHandler(): Handler | undefined {
  if (!process.argv[1]?.includes('tslab')) return undefined
  const jupyter = createRequire(import.meta.url)('tslab/dist/jupyter.js') as { JupyterHandlerImpl: { prototype: Handler } }
  return jupyter.JupyterHandlerImpl.prototype
}
