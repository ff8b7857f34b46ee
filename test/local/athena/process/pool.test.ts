import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { Pool, type PoolOptions } from '../../../../lib/local/athena/process/pool.ts'
import { EngineError, ProcessDied, type QueryProcess } from '../../../../lib/local/athena/process/query-process.ts'
import { temporaryFolder } from '../../../helpers/folder.ts'

const never = new AbortController().signal
function pool(options: Partial<PoolOptions> = {}): Pool {
  const made = new Pool({
    dir: join(temporaryFolder(), 'spill'),
    size: 2,
    memoryLimit: '200MB',
    threads: 1,
    idleMs: 60_000,
    ...options,
  })
  onTestFinished(() => made.close())
  return made
}
const pidOf = (process: QueryProcess) => (process as unknown as { child: { pid: number } }).child.pid
const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('a process that dies fails its query, and the next query gets a new one', async () => {
  const processes = pool()
  let first = 0
  const failing = processes.use(never, async child => {
    first = pidOf(child)
    const running = child.run(['SELECT count(*) FROM range(100000000000) a, range(1000) b'], [])
    process.kill(first, 'SIGKILL')
    return running
  })
  await expect(failing).rejects.toThrow(ProcessDied)
  await processes.use(never, async child => {
    expect(pidOf(child)).not.toBe(first)
    expect(await child.run(['SELECT 1 + 1'], [])).toEqual([[[2]]])
  })
})

test('a process is kept for the next query, and views do not outlive theirs', async () => {
  const processes = pool()
  const first = await processes.use(never, async child => {
    await child.run(['CREATE TEMP VIEW scan0 AS SELECT 1', 'SELECT * FROM scan0'], [])
    return pidOf(child)
  })
  await processes.use(never, async child => {
    expect(pidOf(child)).toBe(first)
    await expect(child.run(['SELECT * FROM scan0'], [])).rejects.toThrow(EngineError)
  })
})

test('settings, files and extensions are out of reach', async () => {
  await pool().use(never, async child => {
    const tries = [
      "SET memory_limit = '9GB'",
      "SELECT * FROM read_text('/etc/hostname')",
      "ATTACH '/tmp/x.db'",
      'INSTALL httpfs',
      "COPY (SELECT 1) TO '/tmp/x.csv'",
      'SET enable_external_access = true',
    ]
    for (const sql of tries) await expect(child.run([sql], []), sql).rejects.toThrow(EngineError)
  })
})

test('a stopped query ends at once, and the next one is answered', async () => {
  const processes = pool()
  const controller = new AbortController()
  const running = processes.use(controller.signal, async child => {
    await child.run(['SELECT 1'], [])
    setImmediate(() => controller.abort())
    return child.run(['SELECT count(*) FROM range(100000000000) a WHERE a.range % 7 = 9'], [])
  })
  await expect(running).rejects.toThrow()
  await processes.use(never, async child => expect(await child.run(['SELECT 1'], [])).toEqual([[[1]]]))
})

test('an idle process ends by itself', async () => {
  const processes = pool({ idleMs: 50 })
  const pid = await processes.use(never, async child => (await child.run(['SELECT 1'], []), pidOf(child)))
  await expect.poll(() => isAlive(pid), { timeout: 20_000 }).toBe(false)
})

test('the processes die with their parent, even when it is killed', async () => {
  const script = `
    import { Pool } from ${JSON.stringify(new URL('../../../../lib/local/athena/process/pool.ts', import.meta.url).href)}
    const pool = new Pool({ dir: ${JSON.stringify(join(temporaryFolder(), 'spill'))}, size: 1, memoryLimit: '200MB', threads: 1, idleMs: 60000 })
    await pool.use(new AbortController().signal, async child => {
      await child.run(['SELECT 1'], [])
      console.log(child.child.pid)
      await child.run(['SELECT count(*) FROM range(100000000000) a WHERE a.range % 7 = 9'], [])
    })`
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const pid = await new Promise<number>(resolve => parent.stdout.once('data', data => resolve(Number(data))))
  expect(isAlive(pid)).toBe(true)
  parent.kill('SIGKILL')
  await expect.poll(() => isAlive(pid), { timeout: 20_000 }).toBe(false)
})
