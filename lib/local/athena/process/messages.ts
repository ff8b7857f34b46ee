/** Statements that run one after the other on the child's one connection; the temporary views they made are dropped afterwards. */
export interface Run {
  kind: 'run'
  id: number
  statements: string[]
  /** The only folders that DuckDB may touch. Another set than last time costs a new DuckDB. */
  folders: string[]
}

/** Server to child. `interrupt` ends the running statement with an error. */
export type ToChild = Run | { kind: 'interrupt' }

/** Child to server: rows of each statement, as DuckDB's JSON values, or DuckDB's own error text. */
export type FromChild =
  | { kind: 'ready' }
  | ({ id: number; /** The process has grown too large and takes no more work. */ last: boolean } & (
      { kind: 'done'; rows: unknown[][][] } | { kind: 'failed'; message: string }
    ))

/** What a child is started with, as one JSON argument. */
export interface ChildOptions {
  /** DuckDB's, for instance `1GB`. */
  memoryLimit: string
  threads: number
  /** Where DuckDB spills what does not fit. */
  spillDir: string
}
