import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { kernelArguments, userKernels, writeKernelspec } from '../../provisioning/kernelspec.ts'
import { runNotebook, writeNotebook, type Cell, type RunReport } from '../../provisioning/run-notebook.ts'

// A kernel takes a second to start, half a minute on a machine with much else to do.
vi.setConfig({ testTimeout: 240_000 })

// Cells import by package name, which is found from inside the project only.
const project = join(import.meta.dirname, '..', '..')

function notebook(...cells: (string | { source: string; tags: string[] })[]): string {
  const folder = mkdtempSync(join(project, 'node_modules', '.cache-notebook-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'test.ipynb')
  const toCell = (cell: (typeof cells)[number], i: number): Cell => {
    const { source, tags } = typeof cell === 'string' ? { source: cell, tags: undefined } : cell
    return { cell_type: 'code', id: `c${i}`, metadata: tags ? { tags } : {}, source }
  }
  writeFileSync(file, JSON.stringify({ cells: cells.map(toCell), metadata: {}, nbformat: 4, nbformat_minor: 5 }))
  return file
}

const text = (report: RunReport, cell: number): string =>
  (report.notebook.cells[cell].outputs as { text?: string[] }[]).flatMap(output => output.text ?? []).join('')
const data = (report: RunReport, cell: number) =>
  (report.notebook.cells[cell].outputs as { data?: Record<string, unknown>; metadata?: Record<string, unknown> }[]).filter(
    output => output.data,
  )

it('runs cells with the lab in them: whole output, tables, pictures, progress in place, failures on purpose', async () => {
  const file = notebook(
    `import { batchOutput, check, lineChart, progress, show, table, take } from 'tickerlake'\nbatchOutput()`,
    `for (let i = 0; i < 5000; i++) console.log('line', i)`,
    `table([{ day: '2021-05-28', close: 16500.5 }])`,
    `await show(lineChart([{ x: 1, y: 2 }, { x: 2, y: 3 }], { x: 'x', y: 'y', title: 'Two points' }))`,
    `const live = progress()\nfor (let i = 1; i <= 3; i++) live.bar(i, 3, 'steps')`,
    `live.bar(3, 3, 'again')`,
    { source: `throw new Error('on purpose')`, tags: ['raises-exception'] },
    `const topic = 'quotes'`,
    `const later = () => ({ topic, nested: [{ topic }] })\nlater()`,
    `async function* endless() { for (let i = 0; ; i++) yield i }\nawait take(endless(), { records: 5 }, () => undefined)`,
  )
  const report = await runNotebook(file)
  expect(report.problems).toEqual([])
  expect(report.notebook.cells.map(cell => cell.execution_count)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  expect(text(report, 1).trimEnd().split('\n')).toHaveLength(5000)
  expect(String(data(report, 2)[0].data?.['text/html'])).toContain('<td style="text-align: right">16,500.5</td>')
  const [picture] = data(report, 3)
  expect(String(picture.data?.['image/png'])).toMatch(/^iVBOR/)
  expect(picture.metadata?.['image/png']).toMatchObject({ width: 860 })
  expect(data(report, 4)).toHaveLength(1)
  expect(String(data(report, 4)[0].data?.['text/plain'])).toBe('3 of 3 again')
  expect(data(report, 5)).toHaveLength(0)
  expect(text(report, 6)).toContain('Error: on purpose')
  // Plain tslab takes `{ topic }`, with topic from an earlier cell, for an unknown name.
  expect(text(report, 8)).toBe("{ topic: 'quotes', nested: [ { topic: 'quotes' } ] }\n")
  expect(text(report, 9)).toBe("{ records: 5, why: 'records' }\n")
})

it('says which cell failed and why, and goes no further', async () => {
  const report = await runNotebook(notebook('const a = 1', 'nothing(a)', 'console.log(a)'))
  expect(report.problems).toHaveLength(1)
  expect(report.problems[0]).toMatch(/^cell 2 \(nothing\(a\)\): error\n.*Cannot find name 'nothing'/s)
  expect(report.notebook.cells[2].execution_count).toBeUndefined()
})

it('finds a cell that should fail and does not, a promise nobody waits for, and a cell that never ends', async () => {
  const stray = `void Promise.reject(new Error('lost'))\nawait new Promise(resolve => setTimeout(resolve, 50))`
  const file = notebook({ source: '1 + 1', tags: ['raises-exception'] }, stray, 'for (;;) {}', '2 + 2')
  const { problems } = await runNotebook(file, { timeoutMs: 3000 })
  expect(problems).toHaveLength(3)
  expect(problems[0]).toContain('ok, but it should fail')
  expect(problems[1]).toMatch(/Unhandled.*lost/s)
  expect(problems[2]).toContain('timeout')
})

it('notices that the kernel died', async () => {
  expect((await runNotebook(notebook('process.exit(3)'))).problems).toEqual(['cell 1 (process.exit(3)): dead\n'])
})

it('writes a notebook with sorted keys, one space and a newline at the end', () => {
  const file = notebook('1 + 1')
  writeNotebook(file, { nbformat_minor: 5, nbformat: 4, metadata: { b: 1, a: [{ d: 1, c: 2 }] }, cells: [] })
  const text =
    '{\n "cells": [],\n "metadata": {\n  "a": [\n   {\n    "c": 2,\n    "d": 1\n   }\n  ],\n  "b": 1\n },\n "nbformat": 4,\n "nbformat_minor": 5\n}\n'
  expect(readFileSync(file, 'utf8')).toBe(text)
})

it('registers a kernel with absolute paths where Jupyter looks', () => {
  const folder = mkdtempSync(join(project, 'node_modules', '.cache-kernels-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const spec = JSON.parse(readFileSync(writeKernelspec(folder), 'utf8')) as { argv: string[]; language: string }
  expect(spec.argv).toEqual(kernelArguments('{connection_file}'))
  expect(spec.argv.filter(part => part.includes('/')).every(part => part.startsWith('/'))).toBe(true)
  expect(userKernels({ JUPYTER_DATA_DIR: '/j' }, 'linux')).toBe('/j/kernels')
  expect(userKernels({ XDG_DATA_HOME: '/x' }, 'linux')).toBe('/x/jupyter/kernels')
  expect(userKernels({}, 'darwin')).toMatch(/Library\/Jupyter\/kernels$/)
})
