import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import type { Config } from '../../lib/config.ts'
import { startHome, stopHome, type HomeOptions } from '../../lib/home.ts'
import { openLab, type Lab } from '../../lib/lab.ts'

/** Opens a lab under names that nobody else has. */
export type OpenLab = (overrides?: Partial<Config>) => Lab

const dirs: string[] = []
const labs: Lab[] = []
// Here, where the file is collected: vitest takes no afterAll that is asked for in a beforeAll, and the homes would stay.
afterAll(async () => {
  for (const lab of labs) await lab.close()
  for (const dir of dirs) {
    await stopHome(dir)
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
  }
})

/** An embedded home of the test file's own, as the background process users get, on free ports; stopped and deleted after the file. Answers how to
 *  open labs in it, each with names that nobody else has. */
export async function homeForTests(options: HomeOptions = {}): Promise<{ dir: string; open: OpenLab }> {
  const dir = mkdtempSync(join(tmpdir(), 'tickerlake-home-'))
  dirs.push(dir)
  await startHome(dir, { port: 0, kafkaPort: 0, ...options })
  let opened = 0
  return {
    dir,
    open(overrides = {}) {
      const name = `t${++opened}-${Math.random().toString(36).slice(2, 8)}`
      const names = {
        topic: `${name}-quotes`,
        group: `${name}-sink`,
        prefix: `${name}/quotes/`,
        database: name.replace('-', '_'),
        crawler: `${name}-crawler`,
      }
      const lab = openLab({ kafka: { kind: 'embedded' }, cloud: { kind: 'embedded' }, dir, ...names, ...overrides })
      labs.push(lab)
      return lab
    },
  }
}
