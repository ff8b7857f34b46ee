import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startHome, stopHome } from '../lib/home.ts'
import { runNotebook, sourceOf, type Cell, type Notebook, type RunReport } from '../provisioning/run-notebook.ts'

const folder = join(import.meta.dirname, '..', 'notebooks')
const names = readdirSync(folder).filter(name => name.endsWith('.ipynb'))
const committed = (name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Notebook

describe('notebooks as they are committed', () => {
  it('are the five of the walk', () => {
    expect(names.map(name => basename(name, '.ipynb'))).toEqual([
      '01-hello-lake',
      '02-producer',
      '03-consumer-to-s3',
      '04-glue-crawler',
      '05-athena-analysis',
    ])
  })

  it.each(names)('%s is complete: ran once from top to bottom, ids, sizes', name => {
    const { cells, nbformat } = committed(name)
    expect(nbformat).toBe(4)
    expect(new Set(cells.map(cell => cell.id)).size).toBe(cells.length)
    const code = cells.filter(cell => cell.cell_type === 'code')
    expect(code.map(cell => cell.execution_count)).toEqual(code.map((_, i) => i + 1))
    expect(cells.every(cell => sourceOf(cell).trim() !== '')).toBe(true)
    expect(statSync(join(folder, name)).size).toBeLessThan(500_000)
    expect(JSON.stringify(cells)).not.toMatch(/\/(home|root|work|tmp|Users)\/|127\.0\.0\.1|localhost/)
  })

  it.each(names)('%s: cells are small, links lead somewhere', name => {
    for (const cell of committed(name).cells) {
      const text = sourceOf(cell)
      if (cell.cell_type === 'code') expect(text.split('\n').length, text).toBeLessThanOrEqual(14)
      for (const [, target] of text.matchAll(/\]\((?!https?:)([^)#]+)\)/g))
        expect(statSync(join(folder, target)).size).toBeGreaterThan(0)
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
  it.each([...names].reverse())(
    '%s shows what is committed; its solutions are right',
    async name => {
      const report = await runNotebook(join(folder, name), {
        env,
        edit: notebook => withSolutions(notebook, basename(name, '.ipynb')),
      })
      expect(report.problems).toEqual([])
      expectOutputs(report, name)
      const checks = report.notebook.cells.filter(cell => cell.id.startsWith('check-'))
      expect(checks.length).toBeGreaterThan(0)
      for (const cell of checks) expect(shown(cell)).toMatch(cell.id.endsWith('-solved') ? /^ok / : /^TODO /)
    },
    240_000,
  )

  it('01-hello-lake runs a second time', async () => {
    const report = await runNotebook(join(folder, names[0]), { env })
    expect(report.problems).toEqual([])
    expectOutputs(report, names[0])
  }, 240_000)
})

/** The committed outputs, pictures by size only: a changed chart has its own tests. */
function expectOutputs(report: RunReport, name: string): void {
  const ran = new Map(report.notebook.cells.map(cell => [cell.id, cell]))
  for (const cell of committed(name).cells.filter(each => each.cell_type === 'code')) {
    expect(comparable(ran.get(cell.id)!), `${name}, cell ${cell.id}: run \`npm run notebooks -- --run ${name} --save\``).toEqual(
      comparable(cell),
    )
  }
}

const comparable = (cell: Cell) =>
  JSON.parse(JSON.stringify(cell.outputs ?? []), (key, value) =>
    key === 'image/png' && typeof value === 'string' ? 'png' : value,
  )

const shown = (cell: Cell): string =>
  (cell.outputs as { name?: string; text?: string[] }[])
    .flatMap(output => (output.name === 'stdout' ? (output.text ?? []) : []))
    .join('')

/** After each check: the solution in place of the exercise, and the check once more. */
function withSolutions(notebook: Notebook, name: string): Notebook {
  const solutions = new Map(
    [
      ...readFileSync(join(folder, 'solutions', 'README.md'), 'utf8').matchAll(
        /^## (\S+), (exercise-\d)$[^]*?^```ts\n([^]*?)^```$/gm,
      ),
    ].map(([, of, exercise, source]) => [`${of} ${exercise}`, source]),
  )
  const cells = notebook.cells.flatMap((cell): Cell[] => {
    const number = /^check-(\d)$/.exec(cell.id)?.[1]
    if (!number) return [cell]
    const source = solutions.get(`${name} exercise-${number}`)
    if (!source) throw new Error(`notebooks/solutions/README.md has none for ${name}, exercise-${number}`)
    return [cell, { ...cell, id: `solution-${number}`, source }, { ...structuredClone(cell), id: `${cell.id}-solved` }]
  })
  return { ...notebook, cells }
}
