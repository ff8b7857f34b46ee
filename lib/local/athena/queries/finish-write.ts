import type { Outcome } from './outcome.ts'
import { APPLICATION, engineId, putManifest, putMetadata } from './outputs.ts'
import { resultColumn } from './result-columns.ts'
import type { StatementRun } from './statement-run.ts'

/** What a statement that writes leaves in the result location: no result object, its metadata with the number of rows, and the manifest. */
export async function finishWrite(
  run: StatementRun,
  { updateType, rows, scannedBytes, objects }: { updateType: string; rows: number; scannedBytes: number; objects: string[] },
): Promise<Outcome> {
  const columns = [resultColumn('rows', { kind: 'bigint' })]
  await putMetadata(run.place, { id: engineId(run.now), updateType, updateCount: rows, columns }, APPLICATION)
  const manifest = objects.length > 0 ? await putManifest(run.place, objects) : undefined
  return {
    result: { format: 'none', columns, updateCount: rows },
    scannedBytes,
    outputRows: rows,
    ...(manifest !== undefined && { manifest }),
  }
}
