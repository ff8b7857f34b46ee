import type { DuckDBConnection } from '@duckdb/node-api'

/** Makes Trino's functions known to a connection. */
export async function setup(connection: DuckDBConnection): Promise<void> {
  await connection.run("SET TimeZone = 'UTC'")
}
