import type { DatabaseSync } from 'node:sqlite'
import { stepsOf, type IndexWriter } from './indexWriter.ts'
import type { Change, Journal, JournalLine } from './journal.ts'
import type { Moves } from './objectIndex.ts'

/** What the index holds: all changes up to `number`. */
export interface IndexState {
  number: number
  seq: number
  moves: Moves
}

export interface Restored {
  /** Changes that were taken from the journal. */
  changes: number
  /** False when the journal has holes: then only the files can tell what else there was. */
  isComplete: boolean
}

export function readState(database: DatabaseSync): IndexState {
  const row = database.prepare('SELECT work, seq FROM moves').get() as { work: string; seq: number }
  const { number = 0, ...moves } = JSON.parse(row.work) as Moves & { number?: number }
  return { number, seq: row.seq, moves }
}

/** Brings index and journal together: a lost or older index is made from the journal, a lost or shorter journal from the index. */
export async function restoreIndex(
  database: DatabaseSync,
  { isNew, writer, journal }: { isNew: boolean; writer: IndexWriter; journal: Journal },
): Promise<Restored> {
  const state = readState(database)
  const { number } = state
  const since = journal.header?.since
  if (!isNew && number >= journal.last) {
    if (since === undefined || number > journal.last) rewriteJournal(database, journal)
    return { changes: 0, isComplete: true }
  }
  const replay = new Replay(database, writer, isNew || number < (since ?? 0) ? undefined : state)
  const restored = await replay.run(journal)
  if (!restored.isComplete) rewriteJournal(database, journal)
  return restored
}

/** Leaves in the journal what makes the present state and nothing else. */
export function rewriteJournal(database: DatabaseSync, journal: Journal): void {
  const { number, seq } = readState(database)
  const rows = database.prepare('SELECT count(*) AS rows FROM version').get()?.rows as number
  journal.rewrite(stepsOf(database), { since: number, seq, rows })
}

/** Runs the journal's lines in one transaction: those after a state, or all into an emptied index. */
class Replay {
  private readonly database: DatabaseSync
  private readonly writer: IndexWriter
  private readonly fromStart: boolean
  private number: number | undefined
  private seq: number
  private moves: Moves
  private changes = 0
  private isComplete = true

  constructor(database: DatabaseSync, writer: IndexWriter, after: IndexState | undefined) {
    this.database = database
    this.writer = writer
    this.fromStart = after === undefined
    this.number = after?.number
    this.seq = after?.seq ?? 0
    this.moves = after?.moves ?? {}
  }

  async run(journal: Journal): Promise<Restored> {
    this.isComplete = journal.header !== undefined
    this.database.exec('BEGIN IMMEDIATE')
    try {
      if (this.fromStart) this.database.exec('DELETE FROM bucket; DELETE FROM version; DELETE FROM upload; DELETE FROM part')
      for await (const line of journal.lines()) this.apply(line)
      if (!this.isComplete) this.tidy()
      const work = JSON.stringify({ number: this.number ?? 0, ...this.moves })
      this.database.prepare('UPDATE moves SET work = ?, seq = ?').run(work, this.seq)
      this.database.exec('COMMIT')
    } catch (error) {
      this.database.exec('ROLLBACK')
      throw error
    }
    return { changes: this.changes, isComplete: this.isComplete }
  }

  private apply(line: JournalLine | undefined): void {
    try {
      if (!line) this.isComplete = false
      else if ('format' in line) this.begin(line)
      else if ('number' in line) this.applyChange(line)
      else if (this.fromStart) for (const step of line.steps) this.writer.repeat(step)
    } catch {
      // A whole line of JSON that is no change all the same.
      this.isComplete = false
    }
  }

  private begin({ since, seq }: { since: number; seq: number }): void {
    if (!this.fromStart) return
    this.number = since
    this.seq = seq
  }

  private applyChange(change: Change): void {
    if (this.number !== undefined && change.number <= this.number) return
    if (this.number === undefined || change.number > this.number + 1) this.isComplete = false
    this.number = change.number
    this.seq = change.seq
    this.moves = change.moves
    this.changes += 1
    for (const step of change.steps) this.writer.repeat(step)
  }

  /** Where changes are missing a key may have two newest versions, a file two rows, a number may be given out again. */
  private tidy(): void {
    const newest = 'SELECT min(seq) FROM version other WHERE other.bucket = version.bucket AND other.key = version.key'
    const nth = "SELECT *, row_number() OVER (PARTITION BY path ORDER BY seq) AS nth FROM version WHERE path <> ''"
    this.database.exec(`
      DELETE FROM version WHERE (bucket, key, seq) IN (SELECT bucket, key, seq FROM (${nth}) WHERE nth > 1);
      UPDATE version SET latest = (seq = (${newest}))`)
    const lowest = this.database.prepare('SELECT min(seq) AS seq FROM version').get()?.seq as number | null
    this.seq = Math.min(this.seq, lowest ?? 0)
  }
}
