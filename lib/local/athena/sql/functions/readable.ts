import type { FunctionTable } from './signature.ts'

/** What a session knows, and numbers and sizes for people. */
export const readableFunctions: FunctionTable = {
  'typeof(t) varchar': "''",
  'uuid() uuid': 'CAST(uuid() AS VARCHAR)',
  'current_timezone() varchar': "'UTC'",
  'format_number(bigint) varchar': 't_format_number(CAST($1 AS DOUBLE))',
  'format_number(double) varchar': 't_format_number($1)',
  'parse_data_size(varchar) decimal(38, 0)': 'CAST(t_data_size($1) AS DECIMAL(38,0))',
  'parse_presto_data_size(varchar) decimal(38, 0)': 'CAST(t_data_size($1) AS DECIMAL(38,0))',
  'human_readable_seconds(double) varchar': 't_human_seconds($1)',
}
