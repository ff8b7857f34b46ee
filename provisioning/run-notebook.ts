import { readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { root } from './kernelspec.ts'
import { TslabKernel, type CellResult, type Output } from './tslab-kernel.ts'

/** A notebook file (nbformat 4.5) as far as we touch it. */
export interface Notebook {
  cells: Cell[]
  metadata: Record<string, unknown>
  nbformat: number
  nbformat_minor: number
}

export interface Cell {
  cell_type: 'code' | 'markdown' | 'raw'
  id: string
  metadata: { tags?: string[] }
  source: string | string[]
  outputs?: unknown[]
  execution_count?: number | null
}

export interface RunOptions {
  /** For one cell; default 120,000. */
  timeoutMs?: number
  env?: NodeJS.ProcessEnv
  /** Changes the notebook before it runs, such as adding cells. */
  edit?: (notebook: Notebook) => Notebook
  onCell?: (cell: Cell, result: CellResult) => void
}

export interface RunReport {
  notebook: Notebook
  /** Empty when every cell did what it should. */
  problems: string[]
}

/** Runs a notebook from top to bottom in its own folder; the file stays as it is. A cell tagged `raises-exception` must fail. */
export async function runNotebook(file: string, options: RunOptions = {}): Promise<RunReport> {
  const { timeoutMs = 120_000, env, edit = same, onCell } = options
  const notebook = edit(JSON.parse(readFileSync(file, 'utf8')) as Notebook)
  const problems: string[] = []
  const ran: Cell[] = []
  const kernel = await TslabKernel.start({ cwd: dirname(file), env })
  try {
    for (const [i, cell] of notebook.cells.entries()) {
      if (cell.cell_type !== 'code') continue
      const result = await kernel.execute(sourceOf(cell), timeoutMs)
      cell.outputs = result.outputs
      cell.execution_count = result.count
      ran.push(cell) // the others keep what the file has
      onCell?.(cell, result)
      const problem = problemOf(cell, result)
      if (!problem) continue
      problems.push(`cell ${i + 1} (${firstLine(sourceOf(cell))}): ${problem}`)
      if (result.status !== 'ok') break
    }
  } finally {
    await kernel.close()
  }
  // Only now, because a later cell may have drawn an earlier output again.
  for (const cell of ran) cell.outputs = (cell.outputs as Output[]).map(toFile)
  return { notebook, problems }
}

const same = (notebook: Notebook): Notebook => notebook

/** What is wrong with a cell's run, or undefined. */
function problemOf(cell: Cell, { status, outputs }: CellResult): string | undefined {
  const stderr = outputs
    .flatMap(output => (output.output_type === 'stream' && output.name === 'stderr' ? [output.text] : []))
    .join('')
  if (cell.metadata.tags?.includes('raises-exception')) return status === 'error' ? undefined : `${status}, but it should fail`
  if (status !== 'ok') return `${status}\n${stderr}`
  // tslab prints these and goes on as if nothing had happened.
  if (/^(Unhandled|Uncaught)/m.test(stderr)) return stderr
  return undefined
}

export const sourceOf = (cell: Cell): string => [cell.source].flat().join('')
const firstLine = (text: string): string => text.trim().split('\n')[0].slice(0, 60)

/** nbformat wants texts as lists of lines. A stack would differ with each machine and change: its message is what teaches. */
function toFile(output: Output): unknown {
  if (output.output_type === 'stream')
    return { ...output, text: lines(output.text.replace(/^ +at .*\n?/gm, '').replaceAll(root, '.')) }
  const data = Object.entries(output.data).map(([type, value]) => [type, type.startsWith('text/') ? lines(String(value)) : value])
  return { ...output, data: Object.fromEntries(data) }
}

const lines = (text: string): string[] => text.split(/(?<=\n)/)

/** Writes a notebook so that the same run gives the same bytes: sorted keys, one space, a newline at the end. */
export function writeNotebook(file: string, notebook: Notebook): void {
  writeFileSync(file, JSON.stringify(sorted(notebook), null, 1) + '\n')
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  )
}
