import type { ResultShape } from './execution.ts'

/** What a query that succeeded leaves behind, besides its objects. */
export interface Outcome {
  result: ResultShape
  scannedBytes: number
  outputRows?: number
  outputBytes?: number
  /** The manifest's place. */
  manifest?: string
}
