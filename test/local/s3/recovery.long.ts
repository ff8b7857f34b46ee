import { rmSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { killDrill } from './killDrill.ts'
import { temporaryDir } from './testServer.ts'

test('100 kills', async () => {
  const dir = temporaryDir()
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  expect(await killDrill(dir, { kills: 100, seed: Number(process.env.SEED ?? 7) })).toBeGreaterThan(1000)
}, 3_600_000)
