/** Exact division of decimals as texts, rounded half up to `scale` digits: doubles are wrong beyond 15 digits. The divisor is not zero. */
export function divideDecimals(dividend: string, divisor: string, scale: bigint): string {
  const [a, b] = [parts(dividend), parts(divisor)]
  const shift = Number(scale) - a.scale + b.scale
  const numerator = shift >= 0 ? a.digits * 10n ** BigInt(shift) : a.digits
  const denominator = shift >= 0 ? b.digits : b.digits * 10n ** BigInt(-shift)
  const quotient = (2n * numerator + denominator) / (2n * denominator)
  const digits = String(quotient).padStart(Number(scale) + 1, '0')
  const whole = digits.slice(0, digits.length - Number(scale))
  const fraction = scale > 0n ? `.${digits.slice(whole.length)}` : ''
  return `${a.negative !== b.negative && quotient !== 0n ? '-' : ''}${whole}${fraction}`
}

function parts(text: string): { digits: bigint; scale: number; negative: boolean } {
  const [whole = '', fraction = ''] = text.replace('-', '').split('.')
  return { digits: BigInt(whole + fraction), scale: fraction.length, negative: text.startsWith('-') }
}
