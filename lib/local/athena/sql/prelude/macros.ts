import { raise } from '../generate/raise.ts'

const badArgument = (message: string) => raise('INVALID_FUNCTION_ARGUMENT', message)
/** Texts that DuckDB must refuse get this mark, so that CAST fails with the text in its message and TRY_CAST gives NULL. */
const BAD = "'\u00bf'"
const textCast = (pattern: string) => `CASE WHEN regexp_full_match(x, '${pattern}') THEN x ELSE ${BAD} || x END`

/** Casts and the text forms of values. */
const conversions = [
  `t_boolean_text(x) AS CASE lower(x) WHEN 'true' THEN 'true' WHEN 't' THEN 'true' WHEN '1' THEN 'true' WHEN 'false' THEN 'false' WHEN 'f' THEN 'false' WHEN '0' THEN 'false' ELSE ${BAD} || x END`,
  `t_free_integer_text(x) AS ${textCast('\\s*[+-]?[0-9]+\\s*')}`,
  `t_integer_text(x) AS CASE WHEN regexp_full_match(x, '-?[0-9]+') THEN x ELSE t_free_integer_text(x) END`,
  `t_double_text(x) AS ${textCast('\\s*[+-]?(NaN|Infinity|([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?)\\s*')}`,
  `t_decimal_text(x) AS ${textCast('[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?')}`,
  `t_free_date_text(x) AS ${textCast('\\s*[+-]?[0-9]{1,6}-[0-9]{1,2}-[0-9]{1,2}\\s*')}`,
  `t_date_text(x) AS CASE WHEN x LIKE '____-__-__' THEN x ELSE t_free_date_text(x) END`,
  `t_free_timestamp_text(x) AS ${textCast('\\s*[0-9]{1,6}-[0-9]{1,2}-[0-9]{1,2}( [0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}(\\.[0-9]{1,12})?)?)?\\s*')}`,
  `t_timestamp_text(x) AS CASE WHEN x LIKE '____-__-__ __:__:__' OR x LIKE '____-__-__' THEN x ELSE t_free_timestamp_text(x) END`,
  `t_time_text(x) AS ${textCast('[0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}(\\.[0-9]{1,12})?)?')}`,
  `t_fitting(x, n, t, safe) AS CASE WHEN length(x) <= n THEN x WHEN safe THEN NULL ELSE ${raise('INVALID_CAST_ARGUMENT', "'Value ' || x || ' cannot be represented as ' || t")} END`,
  `t_float_sign(x) AS CASE WHEN x < 0 OR CAST(x AS VARCHAR) = '-0.0' THEN '-' ELSE '' END`,
  // d: the shortest digits without point, sign and zeros around; e: the exponent of the first digit.
  `t_digits_text(s, d, e) AS s || left(d, 1) || '.' || CASE WHEN length(d) > 1 THEN substr(d, 2) ELSE '0' END || 'E' || e`,
  `t_mantissa(v) AS regexp_replace(v, 'e.*$', '')`,
  `t_exponent(v) AS CASE WHEN contains(v, 'e') THEN CAST(regexp_replace(v, '^.*e', '') AS INTEGER) ELSE 0 END`,
  `t_point(m) AS CASE WHEN contains(m, '.') THEN strpos(m, '.') - 1 ELSE length(m) END`,
  `t_leading(m) AS length(replace(m, '.', '')) - length(ltrim(replace(m, '.', ''), '0'))`,
  `t_scientific_abs(s, v) AS t_digits_text(s, coalesce(nullif(trim(replace(t_mantissa(v), '.', ''), '0'), ''), '0'), CAST(t_point(t_mantissa(v)) - t_leading(t_mantissa(v)) - 1 + t_exponent(v) AS VARCHAR))`,
  `t_scientific(x) AS CASE WHEN isnan(x) THEN 'NaN' WHEN isinf(x) THEN CASE WHEN x > 0 THEN 'Infinity' ELSE '-Infinity' END WHEN x = 0 THEN t_float_sign(x) || '0E0' ELSE t_scientific_abs(t_float_sign(x), CAST(abs(x) AS VARCHAR)) END`,
  `t_float_text(x) AS CASE WHEN (abs(x) >= 0.001 AND abs(x) < 1e7) OR x = 0 THEN CAST(x AS VARCHAR) ELSE t_scientific(x) END`,
  `t_json_double(x) AS CASE WHEN isfinite(x) THEN t_float_text(x) ELSE '"' || t_scientific(x) || '"' END`,
  `t_hex_pairs(x) AS rtrim(regexp_replace(lower(hex(x)), '(..)', '\\1 ', 'g'))`,
  `t_day_second_text(x) AS CASE WHEN x < 0 THEN '-' ELSE '' END || CAST(abs(x) // 86400000 AS VARCHAR) || ' ' || strftime(make_timestamp((abs(x) % 86400000) * 1000), '%H:%M:%S.%g')`,
  `t_year_month_text(x) AS CASE WHEN x < 0 THEN '-' ELSE '' END || CAST(abs(x) // 12 AS VARCHAR) || '-' || CAST(abs(x) % 12 AS VARCHAR)`,
  `t_uuid_bytes(x) AS unhex(replace(x, '-', ''))`,
  `t_uuid_of_bytes(x) AS CAST(CAST(hex(x) AS UUID) AS VARCHAR)`,
]

/** Instants: a time with zone is {t: UTC, z: zone}. */
const zones = [
  `t_zoned(t, z) AS CASE WHEN t IS NULL OR z IS NULL THEN NULL ELSE {'t': t, 'z': z} END`,
  `t_zone_sign(z) AS CASE left(z, 1) WHEN '-' THEN -1 ELSE 1 END`,
  `t_zone_minutes(z) AS t_zone_sign(z) * (CAST(substr(z, 2, 2) AS INTEGER) * 60 + CAST(substr(z, 5, 2) AS INTEGER))`,
  `t_instant(l, z) AS CASE WHEN z = 'UTC' OR z = 'Z' THEN l WHEN regexp_matches(z, '^[+-]\\d\\d:\\d\\d$') THEN l - to_minutes(t_zone_minutes(z)) ELSE timezone('UTC', timezone(z, l)) END`,
  `t_local_parts(t, z) AS CASE WHEN z = 'UTC' OR z = 'Z' THEN t WHEN regexp_matches(z, '^[+-]\\d\\d:\\d\\d$') THEN t + to_minutes(t_zone_minutes(z)) ELSE timezone(z, timezone('UTC', t)) END`,
  `t_utc(x) AS CAST((x).t AS TIMESTAMP)`,
  `t_zone_name(x) AS CAST((x).z AS VARCHAR)`,
  `t_local(x) AS t_local_parts(t_utc(x), t_zone_name(x))`,
  `t_zone(z) AS CASE WHEN z IN ('Z', 'GMT', 'Etc/UTC', '+00:00', '-00:00') THEN 'UTC' ELSE z END`,
  `t_offset_minutes(l, z) AS (epoch_us(l) - epoch_us(t_instant(l, z))) // 60000000`,
  `t_offset_name(m) AS CASE WHEN m = 0 THEN 'UTC' ELSE CASE WHEN m < 0 THEN '-' ELSE '+' END || printf('%02d:%02d', CAST(abs(m) // 60 AS INTEGER), CAST(abs(m) % 60 AS INTEGER)) END`,
  `t_offset_text(l, z) AS CASE WHEN t_offset_minutes(l, z) < 0 THEN '-' ELSE '+' END || printf('%02d:%02d', CAST(abs(t_offset_minutes(l, z)) // 60 AS INTEGER), CAST(abs(t_offset_minutes(l, z)) % 60 AS INTEGER))`,
  `t_zone_of_text(x) AS t_zone(coalesce(nullif(trim(regexp_replace(x, '^\\s*[0-9]+-[0-9]+-[0-9]+( [0-9:.]+)?', '')), ''), 'UTC'))`,
  `t_any_zoned_text(x) AS t_zoned(t_instant(CAST(t_timestamp_text(regexp_extract(x, '^\\s*[0-9]+-[0-9]+-[0-9]+( [0-9:.]+)?')) AS TIMESTAMP), t_zone_of_text(x)), t_zone_of_text(x))`,
  `t_zoned_text(x) AS CASE WHEN x NOT LIKE '%T%:%' OR x LIKE '% %' THEN t_any_zoned_text(x) ELSE ${raise('INVALID_CAST_ARGUMENT', "'Value cannot be cast to timestamp: ' || x")} END`,
  `t_round_timestamp(x, u) AS make_timestamp(CAST(floor((epoch_us(x) + u // 2) / CAST(u AS DOUBLE)) AS BIGINT) * CAST(u AS BIGINT))`,
  `t_round_time(x, u) AS CAST(DATE '1970-01-01' + to_microseconds(((epoch_us(DATE '1970-01-01' + x) + u // 2) // u) * u) AS TIME)`,
  `t_from_unixtime(x) AS make_timestamp(CAST(round(x * 1000) AS BIGINT) * 1000)`,
  `t_whole_days(x) AS CASE WHEN x % 86400000 <> 0 THEN ${badArgument("'Cannot add hour, minutes or seconds to a date'")} ELSE CAST(x // 86400000 AS INTEGER) END`,
  `t_interval(u, n) AS CASE lower(u) WHEN 'millisecond' THEN to_milliseconds(n) WHEN 'second' THEN to_seconds(n) WHEN 'minute' THEN to_minutes(n) WHEN 'hour' THEN to_hours(n) WHEN 'day' THEN to_days(CAST(n AS INTEGER)) WHEN 'week' THEN to_weeks(CAST(n AS INTEGER)) WHEN 'month' THEN to_months(CAST(n AS INTEGER)) WHEN 'quarter' THEN to_quarters(CAST(n AS INTEGER)) WHEN 'year' THEN to_years(CAST(n AS INTEGER)) ELSE ${badArgument("'''' || u || ''' is not a valid TIMESTAMP field'")} END`,
  `t_iso_date(x) AS CASE WHEN regexp_full_match(x, '[0-9]{4}-[0-9]{2}-[0-9]{2}') THEN CASE WHEN TRY_CAST(x AS DATE) IS NULL THEN ${badArgument("'Cannot parse \"' || x || '\"'")} ELSE CAST(x AS DATE) END WHEN regexp_full_match(x, '[0-9]{4}-W[0-9]{2}-[1-7]') THEN CAST(strptime(x, '%G-W%V-%u') AS DATE) WHEN regexp_full_match(x, '[0-9]{4}-W[0-9]{2}') THEN CAST(strptime(x || '-1', '%G-W%V-%u') AS DATE) WHEN regexp_full_match(x, '[0-9]{4}-[0-9]{3}') THEN CAST(strptime(x, '%Y-%j') AS DATE) WHEN regexp_full_match(x, '[0-9]{4}-[0-9]{2}') THEN CAST(x || '-01' AS DATE) WHEN regexp_full_match(x, '[0-9]{4}') THEN CAST(x || '-01-01' AS DATE) WHEN x IS NOT NULL THEN ${badArgument("'Invalid format: \"' || x || '\"'")} END`,
  `t_iso_zone(x) AS coalesce(nullif(regexp_extract(x, '[T ].*?(Z|[+-][0-9]{2}(:?[0-9]{2})?)$', 1), ''), 'UTC')`,
  `t_full_zone(z) AS t_zone(CASE WHEN regexp_full_match(z, '[+-][0-9]{2}') THEN z || ':00' WHEN regexp_full_match(z, '[+-][0-9]{4}') THEN left(z, 3) || ':' || right(z, 2) ELSE z END)`,
  `t_iso_clock(x) AS regexp_extract(x, 'T([0-9]{2}(:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?)?)', 1)`,
  `t_iso_local(x) AS CAST(CAST(t_iso_date(regexp_extract(x, '^[^T]*')) AS VARCHAR) || ' ' || CASE length(t_iso_clock(x)) WHEN 0 THEN '00:00' WHEN 2 THEN t_iso_clock(x) || ':00' ELSE replace(t_iso_clock(x), ',', '.') END AS TIMESTAMP)`,
  `t_iso_timestamp(x) AS CASE WHEN x IS NULL THEN NULL WHEN regexp_full_match(x, '[0-9W-]+(T([0-9]{2}(:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?)?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?)?') THEN t_zoned(t_instant(t_iso_local(x), t_full_zone(t_iso_zone(x))), t_full_zone(t_iso_zone(x))) ELSE ${badArgument("'Invalid format: \"' || x || '\"'")} END`,
  `t_parse_zoned(x, f) AS t_zoned(CAST(strptime(regexp_replace(x, 'Z$', '+0000'), f) AS TIMESTAMP), t_full_zone(coalesce(nullif(regexp_extract(x, '(Z|UTC|[+-][0-9]{2}:?[0-9]{2}|[A-Z][a-z]+/[A-Za-z_]+)\\s*$', 1), ''), 'UTC')))`,
  // Java leaves out seconds and fractions that are zero, and prints 3 or 6 digits.
  `t_java_time(x) AS CASE WHEN x LIKE '%:00.000000' THEN left(x, length(x) - 10) WHEN x LIKE '%.000000' THEN left(x, length(x) - 7) WHEN x LIKE '%000' THEN left(x, length(x) - 3) ELSE x END`,
  `t_java_zone(l, z) AS CASE WHEN z IN ('UTC', 'Z') THEN 'Z[UTC]' WHEN z LIKE '_%:%' THEN z ELSE t_offset_text(l, z) || '[' || z || ']' END`,
  `t_zoned_pair(x) AS t_zoned(t_instant(make_timestamp(CAST(x[1] AS BIGINT)), t_zone(x[2])), t_zone(x[2]))`,
  `t_joda_parse(x, f) AS list_transform([string_split(t_js_joda_parse(x, f), ' ')], lambda w: t_zoned_pair(w))[1]`,
  `t_duration_unit(u) AS CASE u WHEN 'ns' THEN 1e-6 WHEN 'us' THEN 1e-3 WHEN 'ms' THEN 1 WHEN 's' THEN 1000 WHEN 'm' THEN 60000 WHEN 'h' THEN 3600000 ELSE 86400000 END`,
  `t_parse_duration(x) AS CASE WHEN regexp_full_match(x, '\\s*[0-9]+(\\.[0-9]+)?\\s*(ns|us|ms|s|m|h|d)\\s*') THEN CAST(round(CAST(regexp_extract(x, '[0-9.]+') AS DOUBLE) * t_duration_unit(regexp_extract(x, '[a-z]+'))) AS BIGINT) WHEN x IS NOT NULL THEN ${badArgument("'duration is not a valid data duration string: ' || x")} END`,
]

const numbers = [
  `t_divide(a, b, s) AS CAST(sign(a) * sign(b) * floor((abs(CAST(a AS DOUBLE)) * power(10, s) / abs(CAST(b AS DOUBLE))) + 0.5) / power(10, s) AS DOUBLE)`,
  `t_fmod(a, b) AS CASE WHEN b = 0 AND NOT isnan(a) THEN CAST('NaN' AS DOUBLE) ELSE a % b END`,
  `t_real(x) AS CASE WHEN abs(x) > 3.4028235677973366e38 AND isfinite(x) THEN CAST(CASE WHEN x > 0 THEN 'Infinity' ELSE '-Infinity' END AS FLOAT) ELSE CAST(x AS FLOAT) END`,
  `t_sum(x) AS CAST(x AS BIGINT)`,
  `t_bound(n) AS CASE WHEN n <= 0 THEN ${badArgument("'bound must be positive'")} ELSE n END`,
  `t_span(a, b) AS CASE WHEN a >= b THEN ${badArgument("'start value must be less than stop value'")} ELSE CAST(b AS DOUBLE) - a END`,
  `t_number(x) AS CASE WHEN NOT isnan(x) THEN x END`,
  `t_truncate_decimal(x, n) AS CASE WHEN n >= 0 THEN trunc(x, n) ELSE trunc(CAST(x AS DECIMAL(38,0)) // CAST(power(10, -n) AS HUGEINT)) * CAST(power(10, -n) AS HUGEINT) END`,
  `t_acos(x) AS CASE WHEN x BETWEEN -1 AND 1 THEN acos(x) WHEN x IS NOT NULL THEN CAST('NaN' AS DOUBLE) END`,
  `t_asin(x) AS CASE WHEN x BETWEEN -1 AND 1 THEN asin(x) WHEN x IS NOT NULL THEN CAST('NaN' AS DOUBLE) END`,
  `t_sqrt(x) AS CASE WHEN x < 0 THEN CAST('NaN' AS DOUBLE) ELSE sqrt(x) END`,
  `t_ln(x) AS CASE WHEN x > 0 THEN ln(x) WHEN x = 0 THEN CAST('-Infinity' AS DOUBLE) WHEN x IS NOT NULL THEN CAST('NaN' AS DOUBLE) END`,
  `t_log10(x) AS CASE WHEN x > 0 THEN log10(x) WHEN x = 0 THEN CAST('-Infinity' AS DOUBLE) WHEN x IS NOT NULL THEN CAST('NaN' AS DOUBLE) END`,
  `t_log2(x) AS CASE WHEN x > 0 THEN log2(x) WHEN x = 0 THEN CAST('-Infinity' AS DOUBLE) WHEN x IS NOT NULL THEN CAST('NaN' AS DOUBLE) END`,
  `t_power(a, b) AS power(a, b)`,
  `t_sign(x) AS CASE WHEN isnan(x) THEN x WHEN x > 0 THEN 1 WHEN x < 0 THEN -1 ELSE x END`,
  `t_round(x) AS CASE WHEN isfinite(x) THEN round(x) ELSE x END`,
  `t_round_to(x, d) AS CASE WHEN isfinite(CAST(x AS DOUBLE)) THEN round(x, CAST(d AS INTEGER)) ELSE x END`,
  `t_round_integer(x, d) AS CASE WHEN d >= 0 THEN x ELSE round(x, CAST(d AS INTEGER)) END`,
  `t_bucket(x, lo, hi, n) AS CASE WHEN x < lo THEN 0 WHEN x >= hi THEN n + 1 ELSE CAST(floor((x - lo) * n / (hi - lo)) AS BIGINT) + 1 END`,
  `t_width_bucket(x, lo, hi, n) AS CASE WHEN n <= 0 THEN ${badArgument("'bucketCount must be greater than 0'")} WHEN lo < hi THEN t_bucket(x, lo, hi, n) WHEN lo > hi THEN n - t_bucket(x, hi, lo, n) + 1 ELSE ${badArgument("'bounds cannot equal each other'")} END`,
  `t_shift_mask(n) AS CASE WHEN n >= 64 THEN CAST(0 AS HUGEINT) ELSE CAST(power(2, n) AS HUGEINT) END`,
  ...[8, 16, 32, 64].flatMap(bits => {
    const type = { 8: 'TINYINT', 16: 'SMALLINT', 32: 'INTEGER', 64: 'BIGINT' }[bits]
    const unsigned = `((CAST(x AS HUGEINT) + CAST(power(2, ${bits}) AS HUGEINT)) % CAST(power(2, ${bits}) AS HUGEINT))`
    const signed = (sql: string) =>
      `CAST(CASE WHEN ${sql} >= CAST(power(2, ${bits - 1}) AS HUGEINT) THEN ${sql} - CAST(power(2, ${bits}) AS HUGEINT) ELSE ${sql} END AS ${type})`
    return [
      `t_shift_left_${bits}(x, n) AS CASE WHEN n >= ${bits} THEN CAST(0 AS ${type}) ELSE ${signed(`((${unsigned} % CAST(power(2, ${bits} - n) AS HUGEINT)) * t_shift_mask(n))`)} END`,
      `t_shift_right_${bits}(x, n) AS CASE WHEN n >= ${bits} THEN CAST(0 AS ${type}) ELSE ${signed(`(${unsigned} // t_shift_mask(n))`)} END`,
    ]
  }),
  `t_bit_count(x, b) AS CAST(bit_count(CASE WHEN b >= 64 THEN x ELSE x & (CAST(power(2, b) AS BIGINT) - 1) END) AS BIGINT)`,
  `t_wilson(s, n, z, k) AS ((s + z * z / 2.0) / n + k * (z / n) * sqrt(CAST(s AS DOUBLE) * (n - s) / n + z * z / 4.0)) / (1 + z * z / n)`,
  `t_cosine_similarity(a, b) AS list_sum(list_transform(map_keys(a), lambda k: coalesce(a[k] * b[k], CAST(0 AS DOUBLE)))) / (sqrt(list_sum(list_transform(map_values(a), lambda v: v * v))) * sqrt(list_sum(list_transform(map_values(b), lambda v: v * v))))`,
  `t_exact(x, d) AS CAST(round(CAST(CAST(abs(x) AS VARCHAR) AS DECIMAL(38, 18)), d) AS VARCHAR)`,
  `t_grouped(v) AS format('{:,}', CAST(regexp_extract(v, '^[0-9]+') AS BIGINT)) || regexp_extract(v, '\\..*$')`,
  `t_fixed(x, d, g) AS CASE WHEN NOT isfinite(x) THEN t_scientific(x) WHEN abs(x) < 1e18 THEN CASE WHEN x < 0 THEN '-' ELSE '' END || CASE WHEN g THEN t_grouped(t_exact(x, d)) ELSE t_exact(x, d) END ELSE format('{:,.' || CAST(d AS VARCHAR) || 'f}', x) END`,
  `t_data_size(x) AS floor(CAST(regexp_extract(x, '^([0-9.]+)', 1) AS DOUBLE) * power(1024, CASE upper(regexp_extract(x, '([a-zA-Z]+)$', 1)) WHEN 'B' THEN 0 WHEN 'KB' THEN 1 WHEN 'MB' THEN 2 WHEN 'GB' THEN 3 WHEN 'TB' THEN 4 WHEN 'PB' THEN 5 WHEN 'EB' THEN 6 ELSE ${badArgument("'Invalid data size: ''' || x || ''''")} END))`,
  `t_plain(v) AS CASE WHEN contains(v, '.') THEN rtrim(rtrim(v, '0'), '.') ELSE v END`,
  `t_short(x) AS t_plain(CASE WHEN abs(x) < 10 THEN printf('%.2f', x) WHEN abs(x) < 100 THEN printf('%.1f', x) ELSE printf('%.0f', x) END)`,
  `t_format_number(x) AS CASE WHEN x IS NULL THEN NULL WHEN abs(x) < 1 THEN '0' WHEN abs(x) >= 1e12 THEN t_short(x / 1e12) || 'T' WHEN abs(x) >= 1e9 THEN t_short(x / 1e9) || 'B' WHEN abs(x) >= 1e6 THEN t_short(x / 1e6) || 'M' WHEN abs(x) >= 1e3 THEN t_short(x / 1e3) || 'K' ELSE t_short(x) END`,
  `t_unit_text(n, u) AS CASE WHEN n = 0 THEN NULL ELSE CAST(n AS VARCHAR) || ' ' || u || CASE WHEN n = 1 THEN '' ELSE 's' END END`,
  `t_human_parts(s) AS concat_ws(', ', t_unit_text(s // 604800, 'week'), t_unit_text(s % 604800 // 86400, 'day'), t_unit_text(s % 86400 // 3600, 'hour'), t_unit_text(s % 3600 // 60, 'minute'), CASE WHEN s = 0 THEN '0 seconds' ELSE t_unit_text(s % 60, 'second') END)`,
  `t_human_seconds(x) AS t_human_parts(CAST(round(abs(x)) AS BIGINT))`,
]

const texts = [
  // Java turns each code point into one: there is no capital ß for it.
  `t_upper(s) AS CASE WHEN contains(s, '\u00df') THEN array_to_string(list_transform(string_split(s, '\u00df'), lambda p: upper(p)), '\u00df') ELSE upper(s) END`,
  `t_spaces() AS '${' \t\n\v\f\r\u001c\u001d\u001e\u001f\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2008\u2009\u200a\u2028\u2029\u205f\u3000'}'`,
  `t_lpad(s, n, p) AS CASE WHEN p = '' THEN ${badArgument("'Padding string must not be empty'")} WHEN n < 0 THEN ${badArgument("'Target length must be in the range [0..2147483647]'")} ELSE lpad(s, CAST(n AS INTEGER), p) END`,
  `t_rpad(s, n, p) AS CASE WHEN p = '' THEN ${badArgument("'Padding string must not be empty'")} WHEN n < 0 THEN ${badArgument("'Target length must be in the range [0..2147483647]'")} ELSE rpad(s, CAST(n AS INTEGER), p) END`,
  `t_pad_left(s, n) AS CASE WHEN length(s) >= n THEN s ELSE lpad(s, n, ' ') END`,
  `t_pad_right(s, n) AS CASE WHEN length(s) >= n THEN s ELSE rpad(s, n, ' ') END`,
  `t_pad_zero(s, n) AS CASE WHEN length(s) >= n THEN s WHEN left(s, 1) IN ('-', '+') THEN left(s, 1) || lpad(substr(s, 2), n - 1, '0') ELSE lpad(s, n, '0') END`,
  `t_replace(s, a, b) AS CASE WHEN a = '' THEN regexp_replace(s, '', b, 'g') ELSE replace(s, a, b) END`,
  `t_hamming(a, b) AS CASE WHEN length(a) <> length(b) THEN ${badArgument("'The input strings to hamming_distance function must have the same length'")} ELSE len(list_filter(range(1, length(a) + 1), lambda i: substr(a, i, 1) <> substr(b, i, 1))) END`,
  `t_luhn(s) AS CASE WHEN regexp_full_match(s, '[0-9]+') THEN list_sum(list_transform(range(1, length(s) + 1), lambda i: CASE WHEN i % 2 = 1 THEN CAST(substr(reverse(s), i, 1) AS INTEGER) ELSE (CAST(substr(reverse(s), i, 1) AS INTEGER) * 2) // 10 + (CAST(substr(reverse(s), i, 1) AS INTEGER) * 2) % 10 END)) % 10 = 0 WHEN s = '' THEN false WHEN s IS NOT NULL THEN ${badArgument("'Input contains a non-digit character'")} END`,
  `t_reverse_pairs(h) AS array_to_string(list_reverse(regexp_extract_all(h, '..')), '')`,
  `t_check_delimiter(d, v) AS CASE WHEN d = '' THEN ${badArgument("'The delimiter may not be the empty string'")} ELSE v END`,
  `t_split(s, d) AS t_check_delimiter(d, string_split(s, d))`,
  `t_split_tail(p, d, n) AS CASE WHEN len(p) <= n THEN p ELSE list_append(list_slice(p, 1, n - 1), array_to_string(list_slice(p, n, len(p)), d)) END`,
  `t_split_limit(s, d, n) AS CASE WHEN n <= 0 THEN ${badArgument("'Limit must be positive'")} ELSE t_split_tail(t_split(s, d), d, n) END`,
  `t_split_part(s, d, n) AS CASE WHEN n <= 0 THEN ${badArgument("'Index must be greater than zero'")} ELSE t_check_delimiter(d, list_extract(string_split(s, d), n)) END`,
  `t_pair(p, k) AS {'key': CASE WHEN strpos(p, k) = 0 THEN ${badArgument("'Key-value delimiter must appear exactly once in each entry. Bad input: ''' || p || ''''")} ELSE split_part(p, k, 1) END, 'value': substr(p, strpos(p, k) + length(k))}`,
  `t_pairs(s, e, k) AS list_transform(list_filter(string_split(s, e), lambda p: p <> ''), lambda p: t_pair(p, k))`,
  `t_keys_once(l) AS CASE WHEN len(list_distinct(list_transform(l, lambda x: x.key))) < len(l) THEN ${badArgument("'Duplicate keys (' || list_transform(list_filter(l, lambda x, i: list_position(list_transform(l, lambda y: y.key), x.key) < i), lambda x: x.key)[1] || ') are not allowed'")} ELSE l END`,
  `t_split_to_map(s, e, k) AS map_from_entries(t_keys_once(t_pairs(s, e, k)))`,
  `t_groups(l) AS list_transform(t_distinct(list_transform(l, lambda x: x.key)), lambda q: {'key': q, 'items': list_transform(list_filter(l, lambda x: x.key = q), lambda x: x.value)})`,
  `t_split_to_multimap(s, e, k) AS map_from_entries(list_transform(t_groups(t_pairs(s, e, k)), lambda g: {'key': g.key, 'value': g.items}))`,
  `t_strpos_nth(s, x, n) AS CASE WHEN len(string_split(s, x)) <= n THEN CAST(0 AS BIGINT) ELSE CAST(length(array_to_string(list_slice(string_split(s, x), 1, n), x)) + 1 AS BIGINT) END`,
  `t_strpos(s, x, n) AS CASE WHEN n = 0 THEN ${badArgument("'''instance'' must be a positive or negative number.'")} WHEN n > 0 THEN t_strpos_nth(s, x, n) WHEN t_strpos_nth(reverse(s), reverse(x), -n) = 0 THEN CAST(0 AS BIGINT) ELSE length(s) - t_strpos_nth(reverse(s), reverse(x), -n) - length(x) + 2 END`,
  `t_substr(s, i) AS CASE WHEN i > 0 THEN substr(s, i) WHEN i = 0 OR -i > length(s) THEN '' ELSE substr(s, length(s) + i + 1) END`,
  `t_substr_length(s, i, n) AS CASE WHEN n <= 0 OR i = 0 OR -i > length(s) THEN CASE WHEN s IS NOT NULL THEN '' END WHEN i > 0 THEN substr(s, i, n) ELSE substr(s, length(s) + i + 1, n) END`,
  `t_from_hex(x) AS CASE WHEN length(x) % 2 = 1 OR regexp_matches(x, '[^0-9a-fA-F]') THEN ${badArgument("'Invalid hexadecimal string: ' || x")} ELSE unhex(x) END`,
  // Java's URI refuses blanks, controls and some signs; then every part is NULL.
  `t_uri(u) AS CASE WHEN NOT regexp_matches(u, '[\\s"<>\\\\^\`{|}]|%([^0-9a-fA-F]|.[^0-9a-fA-F]|.?$)') THEN u END`,
  `t_url_text(u, p) AS regexp_extract(t_uri(u), p, 1)`,
  `t_url_part(u, p) AS nullif(regexp_extract(t_uri(u), p, 1), '')`,
  `t_url_path(u) AS CASE WHEN regexp_matches(u, '^[a-zA-Z][a-zA-Z0-9+.-]*:[^/]') THEN '' ELSE regexp_extract(t_uri(u), '^(?:[a-zA-Z][a-zA-Z0-9+.-]*:)?(?://[^/?#]*)?([^?#]*)', 1) END`,
]

const lists = [
  `t_distinct(l) AS list_filter(l, lambda x, i: NOT EXISTS_BEFORE)`,
  `t_except(a, b) AS list_filter(t_distinct(a), lambda x: NOT t_has(b, x))`,
  `t_intersect(a, b) AS list_filter(t_distinct(a), lambda x: t_has(b, x))`,
  `t_has(l, v) AS coalesce(list_contains(l, v), false) OR (v IS NULL AND len(list_filter(l, lambda h: h IS NULL)) > 0)`,
  `t_has_null(l) AS len(list_filter(l, lambda n: n IS NULL)) > 0`,
  `t_contains(l, v) AS CASE WHEN l IS NULL OR v IS NULL THEN NULL WHEN list_contains(l, v) THEN true WHEN t_has_null(l) THEN NULL ELSE false END`,
  `t_any(l) AS CASE WHEN l IS NULL THEN NULL WHEN list_contains(l, true) THEN true WHEN t_has_null(l) THEN NULL ELSE false END`,
  `t_all(l) AS CASE WHEN l IS NULL THEN NULL WHEN list_contains(l, false) THEN false WHEN t_has_null(l) THEN NULL ELSE true END`,
  `t_all_of(l) AS list_transform([l], lambda w: t_all(w))[1]`,
  `t_overlap(a, b) AS CASE WHEN a IS NULL OR b IS NULL THEN NULL WHEN list_has_any(list_filter(a, lambda x: x IS NOT NULL), list_filter(b, lambda x: x IS NOT NULL)) THEN true WHEN t_has_null(a) OR t_has_null(b) THEN NULL ELSE false END`,
  `t_array_max(l) AS CASE WHEN t_has_null(l) THEN NULL ELSE list_max(l) END`,
  `t_array_max_number(l) AS CASE WHEN t_has_null(l) THEN NULL ELSE coalesce(list_max(list_filter(l, lambda x: NOT isnan(x))), list_max(l)) END`,
  `t_array_min(l) AS CASE WHEN t_has_null(l) THEN NULL ELSE list_min(l) END`,
  `t_position(l, v) AS CASE WHEN l IS NULL OR v IS NULL THEN NULL ELSE CAST(coalesce(list_position(l, v), 0) AS BIGINT) END`,
  `t_remove(l, v) AS CASE WHEN v IS NULL THEN NULL ELSE list_filter(l, lambda x: x IS NULL OR x <> v) END`,
  `t_element_at(l, i) AS CASE WHEN i = 0 THEN ${badArgument("'SQL array indices start at 1'")} WHEN abs(i) > len(l) THEN NULL ELSE list_extract(l, i) END`,
  `t_subscript(l, i) AS CASE WHEN i BETWEEN 1 AND len(l) THEN list_extract(l, i) WHEN i = 0 THEN ${badArgument("'SQL array indices start at 1'")} WHEN i < 0 THEN ${badArgument("'Array subscript is negative: ' || i")} WHEN i > len(l) THEN ${badArgument("'Array subscript must be less than or equal to array length: ' || i || ' > ' || len(l)")} END`,
  `t_map_value(m, k) AS CASE WHEN m IS NULL OR k IS NULL THEN NULL WHEN map_contains(m, k) THEN m[k] ELSE ${badArgument("'Key not present in map: ' || k")} END`,
  `t_slice(l, s, n) AS CASE WHEN n < 0 THEN ${badArgument("'length must be greater than or equal to 0'")} WHEN s = 0 THEN ${badArgument("'SQL array indices start at 1'")} WHEN s > 0 THEN list_slice(l, s, s + n - 1) WHEN -s > len(l) THEN list_slice(l, 1, 0) ELSE list_slice(l, len(l) + s + 1, len(l) + s + n) END`,
  `t_comparison(c) AS CASE WHEN c BETWEEN -1 AND 1 THEN c ELSE ${badArgument("'Lambda comparator must return either -1, 0, or 1'")} END`,
  `t_trim_array(l, n) AS CASE WHEN n < 0 THEN ${badArgument("'size must not be negative: ' || n")} WHEN n > len(l) THEN ${badArgument("'size must not exceed array cardinality ' || len(l) || ': ' || n")} ELSE list_slice(l, 1, len(l) - n) END`,
  `t_repeat(x, n) AS CASE WHEN n < 0 THEN ${badArgument("'count argument of repeat function must be greater than or equal to 0'")} ELSE list_transform(range(0, n), lambda i: x) END`,
  `t_ngrams(l, n) AS CASE WHEN n <= 0 THEN ${badArgument("'N must be positive'")} WHEN len(l) <= n THEN [l] ELSE list_transform(range(1, len(l) - n + 2), lambda i: list_slice(l, i, i + n - 1)) END`,
  `t_contains_sequence(l, s) AS CASE WHEN len(s) = 0 THEN true ELSE len(list_filter(range(1, len(l) - len(s) + 2), lambda i: list_slice(l, i, i + len(s) - 1) = s)) > 0 END`,
  `t_histogram(l) AS map_from_entries(list_transform(t_distinct(list_filter(l, lambda x: x IS NOT NULL)), lambda v: {'key': v, 'value': CAST(len(list_filter(l, lambda y: y = v)) AS BIGINT)}))`,
  `t_check_step(a, b, s, v) AS CASE WHEN s = 0 THEN ${badArgument("'step must not be zero'")} WHEN (s > 0 AND b < a) OR (s < 0 AND b > a) THEN ${badArgument("'sequence stop value should be greater than or equal to start value if step is greater than zero otherwise stop should be less than or equal to start'")} ELSE v END`,
  `t_check_length(a, b, s, v) AS CASE WHEN (CAST(b AS HUGEINT) - a) // s >= 10000 THEN ${badArgument("'result of sequence function must not have more than 10000 entries'")} ELSE v END`,
  `t_sequence_bigint(a, b) AS CASE WHEN b < a THEN t_check_length(a, b, -1, generate_series(a, b, CAST(-1 AS BIGINT))) ELSE t_check_length(a, b, 1, generate_series(a, b)) END`,
  `t_sequence_bigint_step(a, b, s) AS t_check_step(a, b, s, t_check_length(a, b, s, generate_series(a, b, s)))`,
  `t_sequence_date(a, b) AS list_transform(t_sequence_bigint(CAST(0 AS BIGINT), CAST(b - a AS BIGINT)), lambda d: CAST(a + CAST(d AS INTEGER) AS DATE))`,
  `t_sequence_date_step(a, b, s) AS list_transform(t_sequence_bigint_step(CAST(0 AS BIGINT), CAST(b - a AS BIGINT), t_whole_days(s)), lambda d: CAST(a + CAST(d AS INTEGER) AS DATE))`,
  `t_sequence_date_months(a, b, m) AS list_transform(t_check_step(a, b, m, generate_series(0, date_sub('month', a, b) // m)), lambda i: CAST(a + to_months(CAST(i * m AS INTEGER)) AS DATE))`,
  `t_sequence_timestamp_step(a, b, s) AS list_transform(t_sequence_bigint_step(epoch_us(a), epoch_us(b), s * 1000), lambda d: make_timestamp(d))`,
  `t_sequence_timestamp_months(a, b, m) AS list_transform(t_check_step(a, b, m, generate_series(0, date_sub('month', a, b) // m)), lambda i: a + to_months(CAST(i * m AS INTEGER)))`,
  `t_map(k, v) AS CASE WHEN len(k) <> len(v) THEN ${badArgument("'Key and value arrays must be the same length'")} WHEN t_has_null(k) THEN ${badArgument("'map key cannot be null'")} WHEN len(list_distinct(k)) < len(k) THEN ${badArgument("'Duplicate map keys (' || list_filter(k, lambda x, i: list_position(k, x) < i)[1] || ') are not allowed'")} ELSE map(k, v) END`,
  `t_multimap(l) AS map_from_entries(list_transform(t_distinct(list_transform(l, lambda x: x.k)), lambda q: {'key': q, 'value': list_transform(list_filter(l, lambda x: x.k = q), lambda x: x.v)}))`,
  `t_first_entries(l) AS map_from_entries(list_filter(l, lambda x, i: list_position(list_transform(l, lambda y: y.key), x.key) = i))`,
  `t_big_counts(m) AS map_from_entries(list_transform(map_entries(m), lambda e: {'key': e.key, 'value': CAST(e.value AS BIGINT)}))`,
  `t_most_frequent(m, n) AS map_from_entries(list_transform(list_slice(list_sort(list_transform(map_entries(m), lambda e: {'c': -CAST(e.value AS BIGINT), 'k': e.key})), 1, n), lambda e: {'key': e.k, 'value': -e.c}))`,
  // Trino takes the element after p * n others, quantile_disc the one that completes p * n.
  `t_quantile(p) AS CASE WHEN p BETWEEN 0 AND 1 THEN least(p + 1e-12, 1.0) ELSE p END`,
]

const json = [
  `t_raise(x) AS list_extract([CAST(NULL AS VARCHAR)], CAST('\u00a1' || x AS BIGINT))`,
  `t_valid(j) AS CASE WHEN json_valid(j) THEN j END`,
  `t_json_extract(j, p) AS CAST(json_extract(t_valid(j), p) AS VARCHAR)`,
  // DuckDB rewrites numbers (1.50 is 1.5); where the text may hold such a one, JavaScript looks it up as it was typed.
  `t_json_text(v, j, p) AS CASE left(v, 1) WHEN '"' THEN json_extract_string(v, '$') WHEN '{' THEN NULL WHEN '[' THEN NULL WHEN 'n' THEN NULL ELSE CASE WHEN contains(v, '.') AND regexp_matches(j, '[0-9][eE][-+0-9]|\\.[0-9]*0[^0-9]|[0-9]{16}') THEN t_json_number(j, p) ELSE v END END`,
  `t_json_extract_scalar(j, p) AS CASE WHEN json_valid(j) THEN list_transform([CAST(json_extract(j, p) AS VARCHAR)], lambda v: t_json_text(v, j, p))[1] END`,
  `t_json_size(j, p) AS CASE json_type(t_valid(j), p) WHEN 'OBJECT' THEN CAST(len(json_keys(t_valid(j), p)) AS BIGINT) WHEN 'ARRAY' THEN CAST(json_array_length(t_valid(j), p) AS BIGINT) ELSE CASE WHEN json_type(t_valid(j), p) IS NOT NULL THEN CAST(0 AS BIGINT) END END`,
  `t_json_path(p) AS regexp_replace(p, '\\[\\s*"([^"]*)"\\s*\\]', '."\\1"', 'g')`,
  `t_json_scalar(j) AS CASE WHEN json_type(j) IN ('OBJECT', 'ARRAY') THEN ${raise('INVALID_CAST_ARGUMENT', "'Cannot cast to varchar. Unexpected token when cast to varchar: ' || CASE json_type(j) WHEN 'OBJECT' THEN '{' ELSE '[' END")} ELSE json_extract_string(j, '$') END`,
  `t_json_whole(j) AS CASE WHEN json_type(j) IN ('DOUBLE') THEN CAST(CAST(round(CAST(t_json_scalar(j) AS DOUBLE)) AS HUGEINT) AS VARCHAR) WHEN json_type(j) = 'BOOLEAN' THEN CASE WHEN t_json_scalar(j) = 'true' THEN '1' ELSE '0' END ELSE t_json_scalar(j) END`,
  `t_json_elements(j) AS CASE json_type(j) WHEN 'ARRAY' THEN list_transform(CAST(json_extract(j, '$[*]') AS JSON[]), lambda e: CASE WHEN json_type(e) <> 'NULL' THEN CAST(e AS VARCHAR) END) WHEN 'NULL' THEN NULL ELSE CASE WHEN j IS NOT NULL THEN ${raise('INVALID_CAST_ARGUMENT', "'Cannot cast to array: expected a JSON array, but got ' || j")} END END`,
  `t_json_members(j) AS CASE json_type(j) WHEN 'OBJECT' THEN list_transform(json_keys(j), lambda k: {'key': k, 'value': CAST(json_extract(j, '$."' || replace(k, '"', '\\"') || '"') AS VARCHAR)}) WHEN 'NULL' THEN NULL ELSE CASE WHEN j IS NOT NULL THEN ${raise('INVALID_CAST_ARGUMENT', "'Cannot cast to map: expected a JSON object, but got ' || j")} END END`,
  `t_json_null(t) AS CASE WHEN t <> 'null' THEN t END`,
  `t_json_field(j, n, i) AS t_json_null(CASE json_type(j) WHEN 'ARRAY' THEN CAST(json_extract(j, '$[' || i || ']') AS VARCHAR) ELSE CAST(json_extract(j, '$."' || n || '"') AS VARCHAR) END)`,
  `t_json_array_length(j) AS CASE WHEN json_type(t_valid(j)) = 'ARRAY' THEN CAST(json_array_length(j) AS BIGINT) END`,
  `t_json_array_get(j, i) AS CASE WHEN json_type(t_valid(j)) = 'ARRAY' THEN t_json_null(json_extract_string(j, '$[' || CASE WHEN i < 0 THEN '#' || i ELSE CAST(i AS VARCHAR) END || ']')) END`,
  `t_json_array_contains(j, v) AS CASE WHEN json_type(t_valid(j)) = 'ARRAY' AND v IS NOT NULL THEN list_contains(list_transform(CAST(json_extract(j, '$[*]') AS JSON[]), lambda e: CAST(e AS VARCHAR)), v) END`,
  `t_is_json_scalar(j) AS CASE WHEN NOT json_valid(j) THEN ${badArgument("'Invalid JSON value: ' || j")} ELSE json_type(j) NOT IN ('OBJECT', 'ARRAY') END`,
]

/** Lists from JavaScript functions come as JSON text. */
const fromJavaScript = [
  `t_js_regexp_extract_all(s, p, g) AS CAST(CAST(t_u_regexp_extract_all(s, p, g) AS JSON) AS VARCHAR[])`,
  `t_js_regexp_split(s, p) AS CAST(CAST(t_u_regexp_split(s, p) AS JSON) AS VARCHAR[])`,
  `t_js_regexp_pieces(s, p) AS CAST(CAST(t_u_regexp_pieces(s, p) AS JSON) AS STRUCT("between" VARCHAR[], "groups" VARCHAR[][]))`,
  `t_weighted_percentile(l, p) AS t_u_weighted_percentile(CAST(to_json(l) AS VARCHAR), p)`,
  `t_numeric_histogram(l, n) AS CAST(CAST(t_u_numeric_histogram(CAST(to_json(l) AS VARCHAR), n) AS JSON) AS MAP(DOUBLE, DOUBLE))`,
]

const FIRST_ONLY = `coalesce(list_position(list_slice(l, 1, i - 1), x) > 0, false)`

/** Every macro of the prelude, in an order in which each uses only earlier ones or those of its own family. */
export function macros(): string[] {
  const all = [...conversions, ...zones, ...numbers, ...lists, ...texts, ...json, ...fromJavaScript]
  return all.map(
    macro =>
      `CREATE OR REPLACE MACRO ${macro.replace('NOT EXISTS_BEFORE', `NOT CASE WHEN x IS NULL THEN len(list_filter(list_slice(l, 1, i - 1), lambda n: n IS NULL)) > 0 ELSE ${FIRST_ONLY} END`)}`,
  )
}
