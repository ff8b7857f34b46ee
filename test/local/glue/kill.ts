import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { expect } from 'vitest'
import { openCatalog } from '../../../lib/local/glue/catalog.ts'
import { seeded } from './random.ts'

interface Acknowledged {
  table?: string
  partitions?: string[]
  description?: number
  database?: string
}

/** Kills a writing process `kills` times at a random moment and looks each time that what it had acknowledged is there. */
export async function killDrill(dir: string, { kills, seed }: { kills: number; seed: number }): Promise<void> {
  const random = seeded(seed)
  const first = await openCatalog({ dir })
  await first.createDatabase({ Name: 'lake' })
  await first.close()
  for (let run = 0; run < kills; run += 1) {
    const acknowledged = await killedWriter(dir, run, 1 + random.below(150))
    const catalog = await openCatalog({ dir })
    let description = -1
    for (const line of acknowledged) {
      if (line.database) expect(catalog.getDatabase(line.database).Name).toBe(line.database)
      for (const value of line.partitions ?? [])
        expect(catalog.getPartition('lake', line.table!, [value]).Values).toEqual([value])
      description = Math.max(description, line.description ?? -1)
    }
    const table = catalog.getTable('lake', `t${run}`)
    if (description >= 0) expect(Number(table.Description)).toBeGreaterThanOrEqual(description)
    // A batch is there whole or not at all.
    expect(catalog.listPartitions('lake', `t${run}`).length % 20).toBe(0)
    await catalog.close()
  }
}

/** What the writer acknowledged before it was killed, which is after so many lines. */
function killedWriter(dir: string, run: number, afterLines: number): Promise<Acknowledged[]> {
  return new Promise((done, failed) => {
    const writer = spawn(process.execPath, [join(import.meta.dirname, 'killWriter.ts'), dir, String(run)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let text = ''
    writer.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part
      if (text.split('\n').length > afterLines) writer.kill('SIGKILL')
    })
    writer.on('error', failed)
    writer.on('close', (_, signal) => {
      if (signal !== 'SIGKILL') return failed(new Error(`the writer ended by itself: ${text}`))
      const whole = text.slice(0, text.lastIndexOf('\n') + 1)
      done(
        whole
          .split('\n')
          .filter(Boolean)
          .map(line => JSON.parse(line) as Acknowledged),
      )
    })
  })
}
