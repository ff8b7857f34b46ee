import type { FunctionTable } from './signature.ts'

/** Parts and encodings of URLs. */
export const urlFunctions: FunctionTable = {
  'url_extract_protocol(varchar(x)) varchar(x)': "t_url_text($1, '^([a-zA-Z][a-zA-Z0-9+.-]*):')",
  'url_extract_host(varchar(x)) varchar(x)':
    "t_url_text($1, '^[a-zA-Z][a-zA-Z0-9+.-]*://(?:[^/@?#]*@)?([^/:?#[]+|\\[[^\\]]*\\])')",
  'url_extract_port(varchar) bigint': "CAST(t_url_part($1, '^[a-zA-Z][a-zA-Z0-9+.-]*://[^/?#]*:([0-9]+)') AS BIGINT)",
  'url_extract_path(varchar(x)) varchar(x)': 't_url_path($1)',
  'url_extract_query(varchar(x)) varchar(x)': "t_url_text($1, '^[^?#]*\\?([^#]*)')",
  'url_extract_fragment(varchar(x)) varchar(x)': "t_url_text($1, '^[^#]*#(.*)$')",
  'url_extract_parameter(varchar(x), varchar) varchar(x)': 't_url_parameter($1, $2)',
  'url_encode(varchar) varchar': 't_url_encode($1)',
  'url_decode(varchar) varchar': 't_url_decode($1)',
}
