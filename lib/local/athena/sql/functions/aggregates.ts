import type { FunctionTable, Template } from './signature.ts'
import { duckdbType, type Type } from '../types/types.ts'

const STATISTICS = {
  stddev: 'stddev_samp',
  stddev_samp: 'stddev_samp',
  stddev_pop: 'stddev_pop',
  variance: 'var_samp',
  var_samp: 'var_samp',
  var_pop: 'var_pop',
  kurtosis: 'kurtosis',
}
const WEIGHTED = "t_weighted_percentile({list({'x': CAST($1 AS DOUBLE), 'w': $2})|$1 IS NOT NULL}, $3)"
const PAIRS = ['covar_pop', 'covar_samp', 'regr_intercept', 'regr_slope']
const pairs = (name: string, sql: string): FunctionTable => ({
  [`${name}(double, double) double`]: sql,
  [`${name}(real, real) real`]: `CAST(${sql} AS FLOAT)`,
})
const extreme = (name: 'max' | 'min'): FunctionTable => ({
  [`${name}(t) t`]: `{${name}($1)}`,
  [`${name}(t, bigint) array(t)`]: `{${name}($1, $2)}`,
  [`${name}_by(t, u) t`]: `{arg_${name}_null($1, $2)}`,
  [`${name}_by(t, u, bigint) array(t)`]: `{arg_${name}($1, $2, $3)}`,
})

/** Aggregate functions; all of them work as window functions too. */
export const aggregateFunctions: FunctionTable = {
  'any_value(t) t': '{any_value($1)}',
  'arbitrary(t) t': '{any_value($1)}',
  'array_agg(t) array(t)': '{list($1)}',
  'avg(double) double': '{avg($1)}',
  'avg(bigint) double': '{avg($1)}',
  'avg(real) real': 'CAST({avg($1)} AS FLOAT)',
  'avg(decimal(p, s)) decimal(p, s)': ({ args, result }) => {
    const { scale } = result as Type & { kind: 'decimal' }
    const [sum, count] = [`{sum(${args[0]})}`, `{count(${args[0]})}`]
    return `CASE WHEN ${count} > 0 THEN CAST(t_js_divide(CAST(${sum} AS VARCHAR), CAST(${count} AS VARCHAR), ${scale}) AS ${duckdbType(result)}) END`
  },
  'avg(interval day to second) interval day to second': 'CAST({avg($1)} AS BIGINT)',
  'bool_and(boolean) boolean': '{bool_and($1)}',
  'bool_or(boolean) boolean': '{bool_or($1)}',
  'every(boolean) boolean': '{bool_and($1)}',
  'checksum(t) varbinary': "unhex(printf('%016x', CAST({sum(CAST(hash($1) >> 8 AS HUGEINT))} % 9223372036854775807 AS BIGINT)))",
  'count() bigint': '{count(*)}',
  'count(t) bigint': '{count($1)}',
  'count_if(boolean) bigint': 'CAST(coalesce({count_if($1)}, 0) AS BIGINT)',
  'geometric_mean(double) double': '{geomean($1)}',
  'geometric_mean(bigint) double': '{geomean($1)}',
  'geometric_mean(real) real': 'CAST({geomean($1)} AS FLOAT)',
  'listagg(varchar, varchar) varchar': '{string_agg($1, $2)}',
  // NaN is DuckDB's greatest number, and no number for Trino.
  'max(double) double': 'coalesce({max(t_number($1))}, {min($1)})',
  'max(real) real': 'coalesce({max(t_number($1))}, {min($1)})',
  ...extreme('max'),
  ...extreme('min'),
  // DuckDB corrects for the sample's size, Trino does not.
  'skewness(double) double': '({skewness($1)} * ({count($1)} - 2) / sqrt({count($1)} * ({count($1)} - 1)))',
  'sum(bigint) bigint': 't_sum({sum($1)})',
  'sum(double) double': '{sum($1)}',
  'sum(real) real': 'CAST({sum($1)} AS FLOAT)',
  'sum(decimal(p, s)) decimal(38, s)': '{sum($1)}',
  'sum(interval day to second) interval day to second': 'CAST({sum($1)} AS BIGINT)',
  'sum(interval year to month) interval year to month': 'CAST({sum($1)} AS INTEGER)',
  'bitwise_and_agg(bigint) bigint': '{bit_and($1)}',
  'bitwise_or_agg(bigint) bigint': '{bit_or($1)}',
  'bitwise_xor_agg(bigint) bigint': '{bit_xor($1)}',
  'histogram(t) map(t, bigint)': 't_big_counts({histogram($1)})',
  'map_agg(k, v) map(k, v)': "t_first_entries({list({'key': $1, 'value': $2})|$1 IS NOT NULL})",
  'map_union(map(k, v)) map(k, v)': 't_first_entries(flatten({list(map_entries($1))|$1 IS NOT NULL}))',
  'multimap_agg(k, v) map(k, array(v))': "t_multimap({list({'k': $1, 'v': $2})|$1 IS NOT NULL})",
  'approx_distinct(t) bigint': 'CAST({approx_count_distinct($1)} AS BIGINT)',
  'approx_distinct(t, double) bigint': 'CAST({approx_count_distinct($1)} AS BIGINT)',
  'approx_most_frequent(bigint, t, bigint) map(t, bigint)': 't_most_frequent({histogram($2)}, $1)',
  ...Object.fromEntries(
    ['bigint', 'double', 'real'].flatMap(type => {
      const whole = type === 'bigint' ? 'CAST(round($) AS BIGINT)' : type === 'real' ? 'CAST($ AS FLOAT)' : '$'
      const each = (list: string) => `list_transform(${list}, lambda q: ${whole.replace('$', () => 'q')})`
      return [
        [`approx_percentile(${type}, double) ${type}`, whole.replace('$', () => '{quantile_disc($1, t_quantile($2))}')],
        [
          `approx_percentile(${type}, array(double)) array(${type})`,
          each('{quantile_disc($1, list_transform($2, lambda p: t_quantile(p)))}'),
        ],
        [`approx_percentile(${type}, double, double) ${type}`, whole.replace('$', () => WEIGHTED)],
        [
          `approx_percentile(${type}, double, array(double)) array(${type})`,
          `list_transform($3, lambda p: ${whole.replace('$', () => WEIGHTED.replace('$3', 'p'))})`,
        ],
      ]
    }),
  ),
  'numeric_histogram(bigint, double) map(double, double)': 't_numeric_histogram({list($2)|$2 IS NOT NULL}, $1)',
  ...Object.fromEntries(Object.entries(STATISTICS).map(([name, sql]) => [`${name}(double) double`, `{${sql}($1)}`])),
  // DuckDB's corr of a single pair is NaN, Trino's NULL.
  ...pairs('corr', 'CASE WHEN {regr_count($1, $2)} > 1 THEN {corr($1, $2)} END'),
  ...Object.assign({}, ...PAIRS.map(name => pairs(name, `{${name}($1, $2)}`))),
  'reduce_agg(t, s, function(s, t, s), function(s, s, s)) s': ({ args, types }) => {
    const state = duckdbType(types[1]!)
    const [, parameters, body] = /^lambda ([^:]*): ([\s\S]*)$/.exec(args[2]!)!
    const [s, x] = parameters!.split(', ') as [string, string]
    const element = duckdbType(types[0]!)
    const step = body!.replaceAll(new RegExp(`\\b${s}\\b`, 'g'), `${s}_a.s`).replaceAll(new RegExp(`\\b${x}\\b`, 'g'), `${s}_b.x`)
    const pack = `list_transform({list(${args[0]})|${args[0]} IS NOT NULL}, lambda x: {'s': CAST(NULL AS ${state}), 'x': x})`
    const seed = `{'s': CAST(${args[1]} AS ${state}), 'x': CAST(NULL AS ${element})}`
    return `list_reduce(${pack}, lambda ${s}_a, ${s}_b: {'s': CAST(${step} AS ${state}), 'x': CAST(NULL AS ${element})}, ${seed}).s`
  },
}

/** A template whose argument, where it is a literal, must not be under a limit. */
const least =
  (index: number, limit: number, message: string, template: string): Template =>
  ({ args, literals, fail }) =>
    Number(literals[index] ?? limit) < limit
      ? fail('INVALID_FUNCTION_ARGUMENT', message)
      : template.replace(/\$(\d)/g, (_, i) => args[Number(i) - 1]!)

/** Functions that need OVER. */
export const windowFunctions: FunctionTable = {
  'row_number() bigint': '{row_number()}',
  'rank() bigint': '{rank()}',
  'dense_rank() bigint': '{dense_rank()}',
  'percent_rank() double': '{percent_rank()}',
  'cume_dist() double': '{cume_dist()}',
  'ntile(bigint) bigint': least(0, 1, 'Buckets must be greater than 0', '{ntile($1)}'),
  'first_value(t) t': '{first_value($1)}',
  'last_value(t) t': '{last_value($1)}',
  'nth_value(t, bigint) t': least(1, 1, 'Offset must be at least 1', '{nth_value($1, $2)}'),
  'lag(t) t': '{lag($1)}',
  'lag(t, bigint) t': least(1, 0, 'Offset must be at least 0', '{lag($1, $2)}'),
  'lag(t, bigint, t) t': least(1, 0, 'Offset must be at least 0', '{lag($1, $2, $3)}'),
  'lead(t) t': '{lead($1)}',
  'lead(t, bigint) t': least(1, 0, 'Offset must be at least 0', '{lead($1, $2)}'),
  'lead(t, bigint, t) t': least(1, 0, 'Offset must be at least 0', '{lead($1, $2, $3)}'),
}
