/** SQL that fails with a Trino error when it is evaluated, and has the type NULL; `message` is SQL text. Not `error()`: TRY refuses volatile functions.
 *  Not the condition of a CASE: DuckDB evaluates constant conditions while it plans. */
export const raise = (code: string, message: string) => `list_extract([NULL], CAST('\u00a1${code}: ' || ${message} AS BIGINT))`
