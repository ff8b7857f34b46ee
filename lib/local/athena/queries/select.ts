import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { quoteName, quoteText } from '../sql/types/types.ts'
import type { Translated } from '../sql/translate.ts'
import type { Session } from './engine.ts'
import type { Outcome } from './outcome.ts'
import { APPLICATION, BINARY, engineId, putMetadata, type ResultPlace } from './outputs.ts'
import { resultColumn } from './result-columns.ts'

/** Runs a query into its result object. DuckDB writes the file, which then moves into the bucket: the rows are never in this process.  */
export async function runSelect(
  session: Session,
  translated: Translated,
  { id, place, sql, now }: { id: string; place: ResultPlace; sql: string; now: Date },
): Promise<Outcome> {
  const scannedBytes = await session.prepare(translated)
  const names = translated.columns.map(column => column.name)
  const file = join(session.folder, 'result.csv')
  const answers = await session.run([copyStatement(translated.text, names, file)])
  const outputRows = Number(answers[0]![0]![0]) - (hasTwins(names) ? 1 : 0)
  const { size } = await stat(file)
  const literal = isLiteral(sql)
  const contentType = literal ? BINARY : APPLICATION
  const columns = translated.columns.map(({ name, type }) => resultColumn(name, type))
  await place.storage.putFile(place.bucket, place.key, file, { contentType })
  await putMetadata(
    place,
    literal ? { id, updateType: '', updateCount: 0, columns } : { id: engineId(now), columns },
    contentType,
  )
  return { result: { format: 'csv', columns, updateCount: 0 }, scannedBytes, outputRows, outputBytes: size }
}

/** Every value quoted, NULL as nothing. DuckDB would rename columns of the same name in the header, so then the header is a row. */
function copyStatement(text: string, names: string[], file: string): string {
  const columns = names.map((_, i) => `c${i}`)
  const options = (header: boolean) => `(FORMAT csv, HEADER ${header}, FORCE_QUOTE *, NULLSTR '', USE_TMP_FILE false)`
  if (!hasTwins(names))
    return `COPY (SELECT * FROM (${text}) AS r(${names.map(quoteName).join(', ')})) TO ${quoteText(file)} ${options(true)}`
  const header = names.map((name, i) => `${quoteText(name)} AS ${columns[i]}`).join(', ')
  return `COPY (SELECT ${header} UNION ALL SELECT * FROM (${text}) AS r(${columns.join(', ')})) TO ${quoteText(file)} ${options(false)}`
}

const hasTwins = (names: string[]) => new Set(names.map(name => name.toLowerCase())).size < names.length

/** `SELECT 1`, `SELECT 'a' AS x, 2`: what Athena answers without its engine. */
const isLiteral = (sql: string) =>
  /^\s*SELECT\s+((-?\d+(\.\d+)?|'[^']*'|true|false|null)(\s+AS\s+\w+)?\s*(,\s*|;?\s*$))+$/i.test(sql)
