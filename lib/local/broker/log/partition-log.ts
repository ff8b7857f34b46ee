import type { LogConfig } from './config.ts'
import type { OpenFiles } from './open-files.ts'
import type { Segment } from './segment.ts'

/** A partition's log as those see it that open it and read from it. */
export interface PartitionLog {
  readonly dir: string
  readonly config: () => LogConfig
  readonly files: OpenFiles
  readonly report: (line: string) => void
  segments: Segment[]
  startOffset: number
  endOffset: number
  segmentIndex(offset: number): number
}
