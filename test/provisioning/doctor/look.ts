import { expect } from 'vitest'
import type { Lab } from '../../../lib/lab.ts'
import { encodeQuote, type Quote } from '../../../lib/quote.ts'
import { examine, type DoctorOptions, families, type Family } from '../../../provisioning/doctor/doctor.ts'
import type { Finding } from '../../../provisioning/doctor/finding.ts'
import { someQuotes } from '../../helpers/quotes.ts'

/** What the doctor says of a lab; only these families. */
export async function seen(lab: Lab, only: Family[], options: DoctorOptions = {}): Promise<Finding[]> {
  const report = await examine(lab.config, { only, watch: { watchMs: 300 }, ...options })
  return families.flatMap(family => report[family])
}

/** What is wrong, each with cause and fix in one line. */
export const wrongs = (findings: Finding[]): string[] =>
  findings.filter(({ state }) => state === 'wrong').map(({ symptom, cause, fix }) => `${symptom}. ${cause}. ${fix}`)

/** The one thing that is wrong, as symptom, cause and fix in one line. */
export async function problem(lab: Lab, only: Family[], options?: DoctorOptions, besides = /^never$/): Promise<string> {
  const found = wrongs(await seen(lab, only, options)).filter(words => !besides.test(words))
  expect(found).toHaveLength(1)
  return found[0]!
}

/** Quotes that can be told apart, as events and as text. */
export const event = (at: number): Quote => [...someQuotes(1, at)][0]!
export const quote = (at: number): string => encodeQuote(event(at))
