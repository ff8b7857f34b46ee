import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect } from 'vitest'
import { root } from '../../provisioning/kernelspec.ts'
import { runNotebook, type Cell, type Notebook, type RunReport } from '../../provisioning/run-notebook.ts'

export const notebookFolder = join(root, 'notebooks')
export const notebookNames = readdirSync(notebookFolder).filter(name => name.endsWith('.ipynb'))
export const committedNotebook = (name: string) => JSON.parse(readFileSync(join(notebookFolder, name), 'utf8')) as Notebook

/** Runs a notebook with its solutions put in: it shows what is committed, the exercises are to do, and the solutions solve them. */
export async function expectNotebook(name: string, env: Record<string, string>): Promise<void> {
  const report = await runNotebook(join(notebookFolder, name), {
    env,
    edit: notebook => withSolutions(notebook, basename(name, '.ipynb')),
  })
  expect(report.problems).toEqual([])
  expectOutputs(report, name)
  const checks = report.notebook.cells.filter(cell => cell.id.startsWith('check-'))
  expect(checks.length).toBeGreaterThan(0)
  for (const cell of checks) expect(shown(cell)).toMatch(cell.id.endsWith('-solved') ? /^ok / : /^TODO /)
}

/** The committed outputs, pictures by size only: a changed chart has its own tests. */
function expectOutputs(report: RunReport, name: string): void {
  const ran = new Map(report.notebook.cells.map(cell => [cell.id, cell]))
  for (const cell of committedNotebook(name).cells.filter(each => each.cell_type === 'code')) {
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
      ...readFileSync(join(notebookFolder, 'solutions', 'README.md'), 'utf8').matchAll(
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
