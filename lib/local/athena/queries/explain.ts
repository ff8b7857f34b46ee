import type { Statement } from '../ddl/statement.ts'
import type { Translated } from '../sql/translate.ts'
import type { Outcome } from './outcome.ts'
import { APPLICATION, engineId, putMetadata, putResult } from './outputs.ts'
import { resultColumn } from './result-columns.ts'
import type { StatementRun } from './statement-run.ts'

interface PlanNode {
  name: string
  children?: PlanNode[]
  extra_info?: Record<string, unknown>
}

/** EXPLAIN: the engine's plan as a tree of operators, not Trino's text; the output columns are the query's. */
export async function runExplain(
  run: StatementRun,
  { format, analyze }: Extract<Statement, { kind: 'explain' }>,
  translated: Translated,
): Promise<Outcome> {
  const scannedBytes = await run.session.prepare(translated)
  const statements = [
    ...(analyze ? [`SELECT count(*) FROM (${translated.duckdb})`] : []),
    `EXPLAIN (FORMAT json) ${translated.duckdb}`,
  ]
  const answers = await run.session.run(statements)
  const [plan] = JSON.parse(String(answers.at(-1)![0]![1])) as PlanNode[]
  const output = translated.columns.map(column => column.name).join(', ')
  const text =
    format === 'JSON'
      ? JSON.stringify(jsonNode(plan!), null, 2)
      : ['Fragment 0 [SINGLE]', `    Output layout: [${output}]`, ...lines(plan!, 1), '', ''].join('\n')
  const column = { ...resultColumn('Query Plan', { kind: 'varchar' }), precision: text.length }
  await putResult(run.place, text, APPLICATION)
  await putMetadata(run.place, { id: engineId(run.now), columns: [column] }, APPLICATION)
  return { result: { format: 'lines', columns: [column], headerRow: true }, scannedBytes: analyze ? scannedBytes : 0 }
}

const operator = (name: string) =>
  name
    .trim()
    .toLowerCase()
    .replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase())

const lines = (node: PlanNode, depth: number): string[] => [
  `${'    '.repeat(depth)}- ${operator(node.name)}`,
  ...(node.children ?? []).flatMap(child => lines(child, depth + 1)),
]

const jsonNode = (node: PlanNode): object => ({ name: operator(node.name), children: (node.children ?? []).map(jsonNode) })
