import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { stopHome } from '../../lib/home.ts'
import { runNotebook } from '../../provisioning/run-notebook.ts'
import { runCli } from '../helpers/cli.ts'
import { notebookFolder, notebookNames } from '../helpers/notebooks.ts'

/** The whole walk on another Kafka, the cloud embedded: `npm start`, then the notebooks. `kafka` has LAB_KAFKA and its companions. */
export async function walk(kafka: Record<string, string>, names = notebookNames): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'tickerlake-'))
  const env = { ...kafka, LAB_DIR: dir, LAB_CLOUD: 'embedded' }
  try {
    const started = await runCli(['start', '--yes'], env)
    expect(started.code, started.stdout + started.stderr).toBe(0)
    expect(started.stdout).toContain('rows counted in Athena')
    for (const name of names) {
      const began = performance.now()
      const { problems } = await runNotebook(join(notebookFolder, name), { env, timeoutMs: 300_000 })
      expect(problems, name).toEqual([])
      console.log(`${name}: ${((performance.now() - began) / 1000).toFixed(1)} s`)
    }
  } finally {
    await stopHome(dir)
    rmSync(dir, { recursive: true, force: true })
  }
}
