import type { FunctionTable } from './signature.ts'

/** Trino's string functions. Positions and lengths count code points. */
export const stringFunctions: FunctionTable = {
  'chr(bigint) varchar(1)': 'chr(CAST($1 AS INTEGER))',
  'codepoint(varchar(1)) integer': 'unicode($1)',
  'concat_ws(varchar) varchar': e => e.fail('INVALID_FUNCTION_ARGUMENT', 'There must be two or more arguments'),
  'concat_ws(varchar, varchar…) varchar': 'concat_ws($*)',
  'concat_ws(varchar, array(varchar)) varchar': "CASE WHEN $1 IS NOT NULL THEN coalesce(array_to_string($2, $1), '') END",
  'concat(char(x), char(y)) char(u)': ({ args, types }) =>
    `rtrim(rpad(${args[0]}, ${(types[0] as { length: number }).length}, ' ') || ${args[1]})`,
  'concat(varchar, varchar…) varchar': '(' + '$||' + ')',
  'concat(varbinary, varbinary…) varbinary': '($||)',
  'hamming_distance(varchar, varchar) bigint': 'CAST(t_hamming($1, $2) AS BIGINT)',
  'length(varchar) bigint': 'length($1)',
  'length(char(x)) bigint': ({ args, types }) =>
    `CASE WHEN ${args[0]} IS NOT NULL THEN CAST(${'length' in types[0]! ? types[0].length : 0} AS BIGINT) END`,
  'length(varbinary) bigint': 'octet_length($1)',
  'levenshtein_distance(varchar, varchar) bigint': 'levenshtein($1, $2)',
  'lower(varchar(x)) varchar(x)': 'lower($1)',
  'lower(char(x)) char(x)': 'lower($1)',
  'lpad(varchar, bigint, varchar) varchar': 't_lpad($1, $2, $3)',
  'lpad(varbinary, bigint, varbinary) varbinary': 'unhex(t_lpad(hex($1), 2 * $2, hex($3)))',
  'ltrim(varchar(x)) varchar(x)': 'ltrim($1, t_spaces())',
  'ltrim(char(x)) varchar(x)': 'ltrim($1, t_spaces())',
  'ltrim(varchar(x), varchar) varchar(x)': 'ltrim($1, $2)',
  'luhn_check(varchar) boolean': 't_luhn($1)',
  'normalize(varchar, varchar) varchar': 't_normalize($1, $2)',
  'replace(varchar(x), varchar) varchar(x)': "replace($1, $2, '')",
  'replace(varchar, varchar, varchar) varchar': 't_replace($1, $2, $3)',
  'reverse(varchar(x)) varchar(x)': 'reverse($1)',
  'reverse(varbinary) varbinary': 'unhex(t_reverse_pairs(hex($1)))',
  'rpad(varchar, bigint, varchar) varchar': 't_rpad($1, $2, $3)',
  'rpad(varbinary, bigint, varbinary) varbinary': 'unhex(t_rpad(hex($1), 2 * $2, hex($3)))',
  'rtrim(varchar(x)) varchar(x)': 'rtrim($1, t_spaces())',
  'rtrim(char(x)) varchar(x)': 'rtrim($1, t_spaces())',
  'rtrim(varchar(x), varchar) varchar(x)': 'rtrim($1, $2)',
  'soundex(varchar) varchar(4)': 't_soundex($1)',
  'split(varchar(x), varchar) array(varchar(x))': 't_split($1, $2)',
  'split(varchar(x), varchar, bigint) array(varchar(x))': 't_split_limit($1, $2, $3)',
  'split_part(varchar(x), varchar, bigint) varchar(x)': 't_split_part($1, $2, $3)',
  'split_to_map(varchar, varchar, varchar) map(varchar, varchar)': 't_split_to_map($1, $2, $3)',
  'split_to_multimap(varchar, varchar, varchar) map(varchar, array(varchar))': 't_split_to_multimap($1, $2, $3)',
  'strpos(varchar, varchar) bigint': 'CAST(strpos($1, $2) AS BIGINT)',
  'strpos(varchar, varchar, bigint) bigint': 't_strpos($1, $2, $3)',
  'starts_with(varchar, varchar) boolean': 'starts_with($1, $2)',
  'substr(varchar(x), bigint) varchar(x)': 't_substr($1, $2)',
  'substr(varchar(x), bigint, bigint) varchar(x)': 't_substr_length($1, $2, $3)',
  'substring(varchar(x), bigint) varchar(x)': 't_substr($1, $2)',
  'substring(varchar(x), bigint, bigint) varchar(x)': 't_substr_length($1, $2, $3)',
  'substr(varbinary, bigint) varbinary': 'unhex(substr(hex($1), 2 * $2 - 1))',
  'substr(varbinary, bigint, bigint) varbinary': 'unhex(substr(hex($1), 2 * $2 - 1, 2 * $3))',
  'translate(varchar, varchar, varchar) varchar': 'translate($1, $2, $3)',
  'trim(varchar(x)) varchar(x)': 'trim($1, t_spaces())',
  'trim(char(x)) varchar(x)': 'trim($1, t_spaces())',
  'trim(varchar(x), varchar) varchar(x)': 'trim($1, $2)',
  'upper(varchar(x)) varchar(x)': 't_upper($1)',
  'upper(char(x)) char(x)': 't_upper($1)',
  'word_stem(varchar(x)) varchar(x)': 't_word_stem($1)',
  'word_stem(varchar(x), varchar) varchar(x)': 't_word_stem($1)',
  'to_utf8(varchar) varbinary': 'encode($1)',
  'from_utf8(varbinary) varchar': 't_from_utf8($1)',
  'from_utf8(varbinary, varchar) varchar': 't_from_utf8($1)',
}

/** Regular expressions. DuckDB's RE2 is used as it is; patterns that RE2 cannot do go to t_regex functions written in JavaScript. */
export const regexpFunctions: FunctionTable = {
  'regexp_count(varchar, varchar) bigint': regex('CAST(len(regexp_extract_all($1, $2)) AS BIGINT)', 't_js_regexp_count($1, $2)'),
  'regexp_extract(varchar(x), varchar) varchar(x)': regex(
    'CASE WHEN regexp_matches($1, $2) THEN regexp_extract($1, $2) END',
    't_js_regexp_extract($1, $2, CAST(0 AS BIGINT))',
  ),
  'regexp_extract(varchar(x), varchar, bigint) varchar(x)': emission =>
    emission.literals[2] === undefined || !groupAlwaysMatches(emission.literals[1] ?? '', Number(emission.literals[2]))
      ? fill('t_js_regexp_extract($1, $2, $3)', emission.args)
      : regex(
          `CASE WHEN regexp_matches($1, $2) THEN regexp_extract($1, $2, ${emission.literals[2]}) END`,
          't_js_regexp_extract($1, $2, $3)',
        )(emission),
  'regexp_extract_all(varchar(x), varchar) array(varchar(x))': regex(
    'regexp_extract_all($1, $2)',
    't_js_regexp_extract_all($1, $2, CAST(0 AS BIGINT))',
  ),
  'regexp_extract_all(varchar(x), varchar, bigint) array(varchar(x))': regex(
    't_js_regexp_extract_all($1, $2, $3)',
    't_js_regexp_extract_all($1, $2, $3)',
  ),
  'regexp_like(varchar, varchar) boolean': regex('regexp_matches($1, $2)', 't_js_regexp_like($1, $2)'),
  'regexp_position(varchar, varchar) integer': 't_js_regexp_position($1, $2, CAST(1 AS BIGINT), CAST(1 AS BIGINT))',
  'regexp_position(varchar, varchar, bigint) integer': 't_js_regexp_position($1, $2, $3, CAST(1 AS BIGINT))',
  'regexp_position(varchar, varchar, bigint, bigint) integer': 't_js_regexp_position($1, $2, $3, $4)',
  'regexp_replace(varchar, varchar) varchar': regex("regexp_replace($1, $2, '', 'g')", "t_js_regexp_replace($1, $2, '')"),
  'regexp_replace(varchar, varchar, varchar) varchar': emission => {
    const native = nativeReplacement(emission.literals[1], emission.literals[2])
    const sql = `regexp_replace($1, $2, ${native === undefined ? '' : `'${native.replaceAll("'", "''")}'`}, 'g')`
    return regex(native === undefined ? 't_js_regexp_replace($1, $2, $3)' : sql, 't_js_regexp_replace($1, $2, $3)')(emission)
  },
  'regexp_replace(varchar, varchar, function(array(varchar), varchar)) varchar': ({ args }) => {
    const [text, pattern, lambda] = args as [string, string, string]
    const pieces = `t_js_regexp_pieces(${text}, ${pattern})`
    return `array_to_string(list_transform(list_zip(${pieces}.between, list_concat(list_transform(${pieces}.groups, ${lambda}), [''])), lambda z: z[1] || coalesce(z[2], '')), '')`
  },
  'regexp_split(varchar(x), varchar) array(varchar(x))': regex('regexp_split_to_array($1, $2)', 't_js_regexp_split($1, $2)'),
}

/** A replacement in RE2's words (`$1` is `\\1` there); undefined where JavaScript must do it: named groups, escapes, groups that are not there. */
function nativeReplacement(pattern: string | undefined, text: string | undefined): string | undefined {
  if (pattern === undefined || text === undefined || /\$\{|\\|\$\d\d|\$(?!\d)/.test(text)) return undefined
  const groups = pattern.match(/(?<!\\)\((?!\?)/g)?.length ?? 0
  return [...text.matchAll(/\$(\d)/g)].some(([, digit]) => Number(digit) > groups) ? undefined : text.replace(/\$(\d)/g, '\\$1')
}

/** Whether group number `group` of a pattern surely takes part in each match, so that RE2's empty text for a missing group cannot occur. */
function groupAlwaysMatches(pattern: string, group: number): boolean {
  const groups = pattern.match(/(?<!\\\\)\((?!\?)/g)?.length ?? 0
  return group <= groups && (group === 0 || !/\||\)[?*{]/.test(pattern))
}

/** Chooses RE2 when the pattern is a literal that it understands in the same way. */
function regex(native: string, javascript: string) {
  return ({ args, literals }: { args: string[]; literals: (string | undefined)[] }) => {
    const pattern = literals[1]
    const simple = pattern && !/\(\?[^:i]|\\[1-9kpPGZzA]|[*+?}]\+|\[\[|&&|\(\?i?\)\S*\(\?/.test(pattern)
    return fill(simple ? native : javascript, args)
  }
}

const fill = (template: string, args: string[]) => template.replace(/\$(\d)/g, (_, i) => args[Number(i) - 1]!)
