/** Distribution functions of Trino that DuckDB does not have. */

/** Error function, to about 1e-15: series near zero, continued fraction elsewhere. */
function erf(x: number): number {
  const size = Math.abs(x)
  if (size > 6) return Math.sign(x)
  if (size < 2.5) {
    let term = size
    let sum = size
    for (let n = 1; n < 200 && Math.abs(term) > 1e-17 * sum; n++) {
      term *= (-size * size) / n
      sum += term / (2 * n + 1)
    }
    return (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI)
  }
  let fraction = 0
  for (let n = 200; n > 0; n--) fraction = n / 2 / (size + fraction)
  return Math.sign(x) * (1 - Math.exp(-size * size) / (Math.sqrt(Math.PI) * (size + fraction)))
}

export function normalCdf(mean: number, deviation: number, value: number): number {
  if (deviation <= 0) throw new Error('\u00a1INVALID_FUNCTION_ARGUMENT: standardDeviation must be > 0')
  return 0.5 * (1 + erf((value - mean) / (deviation * Math.SQRT2)))
}

/** Finds x with f(x) = p for a rising f. */
function invert(f: (x: number) => number, p: number, low: number, high: number): number {
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2
    const value = f(middle)
    if (value === p) return middle
    if (value < p) low = middle
    else high = middle
  }
  return (low + high) / 2
}

export function inverseNormalCdf(mean: number, deviation: number, p: number): number {
  if (!(p > 0 && p < 1)) throw new Error('\u00a1INVALID_FUNCTION_ARGUMENT: p must be 0 > p > 1')
  if (deviation <= 0) throw new Error('\u00a1INVALID_FUNCTION_ARGUMENT: standardDeviation must be > 0')
  return mean + deviation * invert(x => normalCdf(0, 1, x), p, -40, 40)
}

const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905,
  -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
]

function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x)
  const t = x + 6.5
  const sum = LANCZOS.reduce((s, c, i) => (i ? s + c / (x - 1 + i) : c), 0)
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum)
}

/** Regularised incomplete beta function (Lentz's continued fraction). */
export function betaCdf(a: number, b: number, x: number): number {
  if (a <= 0 || b <= 0) throw new Error('\u00a1INVALID_FUNCTION_ARGUMENT: a, b must be > 0')
  if (x < 0 || x > 1) throw new Error('\u00a1INVALID_FUNCTION_ARGUMENT: value must be in the interval [0, 1]')
  if (x === 0 || x === 1) return x
  if (x > (a + 1) / (a + b + 2)) return 1 - betaCdf(b, a, 1 - x)
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log(1 - x)) / a
  const tiny = 1e-300
  let c = 1
  let d = 1 / (1 - ((a + b) * x) / (a + 1) || tiny)
  let result = d
  for (let m = 1; m < 500; m++) {
    for (const step of [
      (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m)),
      (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1)),
    ]) {
      d = 1 / (1 + step * d || tiny)
      c = 1 + step / c || tiny
      result *= c * d
    }
    if (Math.abs(c * d - 1) < 1e-16) break
  }
  return front * result
}

export const inverseBetaCdf = (a: number, b: number, p: number) => invert(x => betaCdf(a, b, x), p, 0, 1)

export function studentCdf(freedom: number, x: number): number {
  const tail = 0.5 * betaCdf(freedom / 2, 0.5, freedom / (freedom + x * x))
  return x > 0 ? 1 - tail : tail
}

/** numeric_histogram: merges the two nearest centroids until `buckets` are left; JSON text of {centre: weight}. */
export function numericHistogram(values: string, buckets: bigint): string {
  const centres = (JSON.parse(values) as number[]).sort((a, b) => a - b).map(centre => ({ centre, weight: 1 }))
  for (let i = centres.length - 1; i > 0; i--)
    if (centres[i]!.centre === centres[i - 1]!.centre) {
      centres[i - 1]!.weight += centres[i]!.weight
      centres.splice(i, 1)
    }
  while (centres.length > Number(buckets)) {
    let nearest = 0
    for (let i = 1; i + 1 < centres.length; i++)
      if (centres[i + 1]!.centre - centres[i]!.centre < centres[nearest + 1]!.centre - centres[nearest]!.centre) nearest = i
    const [a, b] = [centres[nearest]!, centres[nearest + 1]!]
    const weight = a.weight + b.weight
    centres.splice(nearest, 2, { centre: (a.centre * a.weight + b.centre * b.weight) / weight, weight })
  }
  return JSON.stringify(Object.fromEntries(centres.map(({ centre, weight }) => [String(centre), weight])))
}

/** approx_percentile with weights: the point of a t-digest whose centroids are the values themselves. `values`: JSON of [{x, w}]. */
export function weightedPercentile(values: string, quantile: number): number | null {
  if (!(quantile >= 0 && quantile <= 1)) throw new Error('\u00a1INVALID_FUNCTION_ARGUMENT: Percentile must be between 0 and 1')
  const points = (JSON.parse(values) as { x: number; w: number }[]).filter(({ w }) => w > 0).sort((a, b) => a.x - b.x)
  const total = points.reduce((sum, { w }) => sum + w, 0)
  const offset = quantile * total
  const last = points.at(-1)
  if (!last) return null
  if (offset < 1 || offset < points[0]!.w / 2) return points[0]!.x
  let sum = points[0]!.w / 2
  for (const [i, { x, w }] of points.entries()) {
    const next = points[i + 1]
    if (!next || offset > total - 1) break
    const step = (w + next.w) / 2
    if (sum + step > offset) {
      // A single value reaches half its weight to either side.
      const [before, after] = [w === 1 ? 0.5 : 0, next.w === 1 ? 0.5 : 0]
      if (before && offset - sum < before) return x
      if (after && sum + step - offset <= after) return next.x
      return x + ((next.x - x) * (offset - sum - before)) / (step - before - after)
    }
    sum += step
  }
  return last.x
}
