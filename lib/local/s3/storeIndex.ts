import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { BucketIndex } from './bucketIndex.ts'
import { openDatabase, transaction } from './database.ts'
import { IndexWriter } from './indexWriter.ts'
import { Journal } from './journal.ts'
import { ObjectIndex, type Moves } from './objectIndex.ts'
import { readState, restoreIndex, rewriteJournal, type Restored } from './restoreIndex.ts'
import { UploadIndex } from './uploadIndex.ts'

/** How the index was found. */
export interface FoundIndex extends Restored {
  /** It was not there, or so damaged that it was put aside. */
  isNew: boolean
  /** What was wrong with it. */
  damage?: string
}

/** The index with its journal: all that is known beside the bodies. */
export class StoreIndex {
  readonly objects: ObjectIndex
  readonly buckets: BucketIndex
  readonly uploads: UploadIndex
  /** The file work of the last change: it may not be done. */
  readonly lastMoves: Moves
  private readonly database: DatabaseSync
  private readonly writer: IndexWriter
  private readonly journal: Journal
  private number: number

  /** Opens (or makes) both in `dir`; one that is lost is made from the other. */
  static async open(dir: string): Promise<{ index: StoreIndex; found: FoundIndex }> {
    const { database, ...opened } = openDatabase(dir)
    let journal: Journal | undefined
    try {
      journal = new Journal(join(dir, '_journal.jsonl'))
      const writer = new IndexWriter(database)
      const restored = await restoreIndex(database, { isNew: opened.isNew, writer, journal })
      return { index: new StoreIndex(database, writer, journal), found: { ...opened, ...restored } }
    } catch (error) {
      journal?.close()
      database.close()
      throw error
    }
  }

  private constructor(database: DatabaseSync, writer: IndexWriter, journal: Journal) {
    this.database = database
    this.writer = writer
    this.journal = journal
    this.objects = new ObjectIndex(database, writer)
    this.buckets = new BucketIndex(database, writer)
    this.uploads = new UploadIndex(database, writer)
    const { number, moves } = readState(database)
    this.number = number
    this.lastMoves = moves
  }

  /** One change, all of it or nothing. Into the journal first: what that has and the index has not was never acknowledged. */
  record(moves: Moves, work: () => void): void {
    if (this.journal.hasGrown()) rewriteJournal(this.database, this.journal)
    const number = this.number + 1
    try {
      transaction(this.database, () => {
        work()
        this.objects.note(number, moves)
        this.journal.append({ number, seq: this.objects.lastSeq, steps: this.writer.take(), moves })
      })
    } catch (error) {
      this.writer.take()
      this.journal.withdraw()
      throw error
    }
    this.journal.confirm(number)
    this.number = number
  }

  close(): void {
    this.journal.close()
    this.database.close()
  }
}
