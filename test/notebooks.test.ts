import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startHome, stopHome } from '../lib/home.ts'
import { sourceOf } from '../provisioning/run-notebook.ts'
import { committedNotebook, expectNotebook, notebookFolder, notebookNames } from './helpers/notebooks.ts'

describe('notebooks as they are committed', () => {
  it('are the five of the walk', () => {
    expect(notebookNames.map(name => basename(name, '.ipynb'))).toEqual([
      '01-hello-lake',
      '02-producer',
      '03-consumer-to-s3',
      '04-glue-crawler',
      '05-athena-analysis',
    ])
  })

  it.each(notebookNames)('%s is complete: ran once from top to bottom, ids, sizes', name => {
    const { cells, nbformat } = committedNotebook(name)
    expect(nbformat).toBe(4)
    expect(new Set(cells.map(cell => cell.id)).size).toBe(cells.length)
    const code = cells.filter(cell => cell.cell_type === 'code')
    expect(code.map(cell => cell.execution_count)).toEqual(code.map((_, i) => i + 1))
    expect(cells.every(cell => sourceOf(cell).trim() !== '')).toBe(true)
    expect(statSync(join(notebookFolder, name)).size).toBeLessThan(500_000)
    expect(JSON.stringify(cells)).not.toMatch(/\/(home|root|work|tmp|Users)\/|127\.0\.0\.1|localhost/)
  })

  it.each(notebookNames)('%s: cells are small, links lead somewhere', name => {
    for (const cell of committedNotebook(name).cells) {
      const text = sourceOf(cell)
      if (cell.cell_type === 'code') expect(text.split('\n').length, text).toBeLessThanOrEqual(14)
      for (const [, target] of text.matchAll(/\]\((?!https?:)([^)#]+)\)/g))
        expect(statSync(join(notebookFolder, target)).size).toBeGreaterThan(0)
    }
  })
})

describe('notebooks, run without Python on a home of their own', () => {
  const dir = mkdtempSync(join(tmpdir(), 'notebooks-'))
  const env = { LAB_DIR: dir, LAB_KAFKA: 'embedded', LAB_CLOUD: 'embedded' }
  beforeAll(() => startHome(dir, { port: 0, kafkaPort: 0 }))
  afterAll(async () => {
    await stopHome(dir)
    rmSync(dir, { recursive: true, force: true })
  })

  // Backwards, and the first one again at the end: they depend on neither order nor each other, and find nothing of an earlier run.
  it.each([...notebookNames.toReversed(), notebookNames[0]])(
    '%s shows what is committed; its solutions are right',
    async name => {
      await expectNotebook(name, env)
    },
    240_000,
  )
})
