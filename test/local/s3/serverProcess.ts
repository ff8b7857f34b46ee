import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export interface ServerProcess {
  port: number
  pid: number
  /** Resident set in bytes. */
  rss(): Promise<number>
  /** kill -9, and waits until it is gone. */
  kill(): Promise<void>
}

/** Starts `serveForever.ts` on a folder. */
export async function startServerProcess(dir: string): Promise<ServerProcess> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'serveForever.ts'), dir], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout as NonNullable<ChildProcess['stdout']> })[Symbol.asyncIterator]()
  const gone = new Promise<void>(resolve => child.once('exit', () => resolve()))
  const nextLine = async (): Promise<number> => {
    const { value, done } = await lines.next()
    if (done) throw new Error('the server ended')
    return Number(value)
  }
  return {
    port: await nextLine(),
    pid: child.pid as number,
    rss() {
      child.stdin?.write('\n')
      return nextLine()
    },
    async kill() {
      child.kill('SIGKILL')
      await gone
    },
  }
}
