import type { Emission, FunctionTable } from './signature.ts'
import type { Type } from '../types/types.ts'
import { duckdbType } from '../types/types.ts'

const INTEGERS = ['tinyint', 'smallint', 'integer', 'bigint']
const same = (name: string, sql: string, types: string[]): FunctionTable =>
  Object.fromEntries(types.map(type => [`${name}(${type}) ${type}`, sql]))
const double = (name: string, sql: string): FunctionTable => ({ [`${name}(double) double`]: sql })
const scaleOf = (type: Type) => (type.kind === 'decimal' ? type.scale : 0)

/** `ceil(decimal(p,s))` and the like have a result type of their own, with no decimals. */
function wholeDecimal(sql: string) {
  return ({ args, result }: Emission) => `CAST(${sql.replace('$1', args[0]!)} AS ${duckdbType(result)})`
}

export const mathFunctions: FunctionTable = {
  ...same('abs', 'abs($1)', [...INTEGERS, 'real', 'double', 'decimal(p, s)']),
  ...double('acos', 't_acos($1)'),
  ...double('asin', 't_asin($1)'),
  ...double('atan', 'atan($1)'),
  'atan2(double, double) double': 'atan2($1, $2)',
  ...double('cbrt', 'cbrt($1)'),
  ...rounding('ceil', 'ceil'),
  ...rounding('ceiling', 'ceil'),
  ...rounding('floor', 'floor'),
  ...double('cos', 'cos($1)'),
  ...double('cosh', 'cosh($1)'),
  'cosine_similarity(map(varchar, double), map(varchar, double)) double': 't_cosine_similarity($1, $2)',
  'cosine_similarity(array(double), array(double)) double': 'list_cosine_similarity($1, $2)',
  'cosine_distance(array(double), array(double)) double': 'list_cosine_distance($1, $2)',
  'dot_product(array(double), array(double)) double': 'list_dot_product($1, $2)',
  'euclidean_distance(array(double), array(double)) double': 'list_distance($1, $2)',
  ...double('degrees', 'degrees($1)'),
  'e() double': 'exp(CAST(1 AS DOUBLE))',
  ...double('exp', 'exp($1)'),
  'from_base(varchar, bigint) bigint': 't_from_base($1, $2)',
  'infinity() double': "CAST('Infinity' AS DOUBLE)",
  'is_finite(double) boolean': 'isfinite($1)',
  'is_infinite(double) boolean': 'isinf($1)',
  'is_nan(double) boolean': 'isnan($1)',
  'is_nan(real) boolean': 'isnan($1)',
  ...double('ln', 't_ln($1)'),
  'log(double, double) double': '(t_ln($2) / t_ln($1))',
  ...double('log10', 't_log10($1)'),
  ...double('log2', 't_log2($1)'),
  'nan() double': "CAST('NaN' AS DOUBLE)",
  'pi() double': 'pi()',
  'pow(double, double) double': 't_power($1, $2)',
  'power(double, double) double': 't_power($1, $2)',
  ...double('radians', 'radians($1)'),
  'rand() double': 'random()',
  'random() double': 'random()',
  ...Object.fromEntries(
    ['rand', 'random'].flatMap(name =>
      INTEGERS.flatMap(type => [
        [`${name}(${type}) ${type}`, `CAST(floor(random() * t_bound($1)) AS ${type.toUpperCase()})`],
        [`${name}(${type}, ${type}) ${type}`, `CAST($1 + floor(random() * t_span($1, $2)) AS ${type.toUpperCase()})`],
      ]),
    ),
  ),
  ...same('round', '$1', INTEGERS),
  ...same('round', 't_round($1)', ['double', 'real']),
  'round(decimal(p, s)) decimal(w, 0)': wholeDecimal('round($1, 0)'),
  ...Object.fromEntries(
    INTEGERS.map(type => [`round(${type}, integer) ${type}`, `CAST(t_round_integer($1, $2) AS ${type.toUpperCase()})`]),
  ),
  'round(double, integer) double': 't_round_to($1, $2)',
  'round(real, integer) real': 'CAST(t_round_to($1, $2) AS FLOAT)',
  'round(decimal(p, s), integer) decimal(q, s)': ({ args, result, literals }) => {
    const digits = literals[1]
    if (digits === undefined) return `CAST(t_round_to(${args[0]}, ${args[1]}) AS ${duckdbType(result)})`
    return `CAST(round(${args[0]}, ${Math.min(Number(digits), scaleOf(result))}) AS ${duckdbType(result)})`
  },
  ...Object.fromEntries(INTEGERS.map(type => [`sign(${type}) ${type}`, `CAST(sign($1) AS ${type.toUpperCase()})`])),
  ...same('sign', 't_sign($1)', ['double', 'real']),
  'sign(decimal(p, s)) decimal(1, 0)': 'CAST(sign($1) AS DECIMAL(1,0))',
  ...double('sin', 'sin($1)'),
  ...double('sinh', 'sinh($1)'),
  ...double('sqrt', 't_sqrt($1)'),
  ...double('tan', 'tan($1)'),
  ...double('tanh', 'tanh($1)'),
  'to_base(bigint, bigint) varchar(64)': 't_to_base($1, $2)',
  ...same('truncate', 'trunc($1)', ['double', 'real']),
  'truncate(decimal(p, s)) decimal(p, 0)': wholeDecimal('trunc($1)'),
  'truncate(decimal(p, s), integer) decimal(p, s)': ({ args, result }) =>
    `CAST(t_truncate_decimal(${args[0]}, CAST(${args[1]} AS INTEGER)) AS ${duckdbType(result)})`,
  'width_bucket(double, double, double, bigint) bigint': 't_width_bucket($1, $2, $3, $4)',
  'width_bucket(double, array(double)) bigint': 'CAST(len(list_filter($2, lambda b: b <= $1)) AS BIGINT)',
  'normal_cdf(double, double, double) double': 't_normal_cdf($1, $2, $3)',
  'inverse_normal_cdf(double, double, double) double': 't_inverse_normal_cdf($1, $2, $3)',
  'beta_cdf(double, double, double) double': 't_beta_cdf($1, $2, $3)',
  'inverse_beta_cdf(double, double, double) double': 't_inverse_beta_cdf($1, $2, $3)',
  't_cdf(double, double) double': 't_student_cdf($1, $2)',
  'wilson_interval_lower(bigint, bigint, double) double': 't_wilson($1, $2, $3, -1)',
  'wilson_interval_upper(bigint, bigint, double) double': 't_wilson($1, $2, $3, 1)',
  'bit_count(bigint, bigint) bigint': 't_bit_count($1, $2)',
  'bitwise_and(bigint, bigint) bigint': '($1 & $2)',
  'bitwise_or(bigint, bigint) bigint': '($1 | $2)',
  'bitwise_xor(bigint, bigint) bigint': 'xor($1, $2)',
  'bitwise_not(bigint) bigint': '(-1 - $1)',
  ...Object.fromEntries(
    INTEGERS.flatMap((type, i) => {
      const bits = 8 << i
      return [
        [`bitwise_left_shift(${type}, ${type}) ${type}`, `t_shift_left_${bits}($1, $2)`],
        [`bitwise_right_shift(${type}, ${type}) ${type}`, `t_shift_right_${bits}($1, $2)`],
        [`bitwise_right_shift_arithmetic(${type}, ${type}) ${type}`, `CAST(floor($1 / power(2, $2)) AS ${type.toUpperCase()})`],
      ]
    }),
  ),
}

function rounding(name: string, sql: string): FunctionTable {
  return {
    ...same(name, '$1', INTEGERS),
    ...same(name, `${sql}($1)`, ['double', 'real']),
    [`${name}(decimal(p, s)) decimal(w, 0)`]: wholeDecimal(`${sql}($1)`),
  }
}
