import { readFileSync } from 'node:fs'
import { run } from '../peers.ts'

/** Runs a command that may fail, because what it removes may be gone. */
export function tryRun(command: string, args: string[]): void {
  try {
    run(command, args)
  } catch {
    // was not there
  }
}

/** Whether a process runs; a zombie does not. */
export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

/** Kills a process and its group. */
export function kill(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // has ended
  }
}
