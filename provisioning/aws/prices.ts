import { readFileSync } from 'node:fs'
import { join } from 'node:path'

interface Prices {
  date: string
  region: string
  instancePerHour: Record<string, number>
  publicAddressPerHour: number
  diskPerGibMonth: number
  /** One crawl: 10 minutes at least, with 1 or 2 DPU. */
  crawl: [number, number]
  /** One query of up to 10 MB. */
  query: number
  putPerThousand: number
}

/** The dated price table, in US dollars. */
export const prices = JSON.parse(readFileSync(join(import.meta.dirname, 'prices.json'), 'utf8')) as Prices

/** As AWS counts a month. */
export const hoursPerMonth = 730
const diskGib = 8

/** What the Kafka host costs in dollars an hour; a stopped one only its disk. Undefined where the type is not in the table. */
export function hostPerHour(instanceType: string, stopped = false): number | undefined {
  const disk = (prices.diskPerGibMonth * diskGib) / hoursPerMonth
  if (stopped) return disk
  const instance = prices.instancePerHour[instanceType]
  return instance === undefined ? undefined : instance + prices.publicAddressPerHour + disk
}

/** An amount for a person: cents, of small ones two digits. */
export const dollars = (amount: number): string => `$${amount < 0.01 ? amount.toPrecision(2) : amount.toFixed(2)}`

/** What the lab costs, as lines for a person. */
export function priceLines(instanceType: string | undefined, region = prices.region): string[] {
  return [
    ...(instanceType ? [hostLine(instanceType)] : []),
    `each crawl ${dollars(prices.crawl[0])} to ${dollars(prices.crawl[1])}, each query of up to 10 MB $${prices.query.toFixed(5)}, each 1000 objects written $${prices.putPerThousand}`,
    `prices of ${prices.date} in ${prices.region}, without credits and free tier${region === prices.region ? '' : `; in ${region} they differ, see https://aws.amazon.com/ec2/pricing/on-demand/`}`,
  ]
}

function hostLine(instanceType: string): string {
  const perHour = hostPerHour(instanceType)
  if (perHour === undefined)
    return `Kafka host (${instanceType}): not in the price table of ${prices.date}, see https://aws.amazon.com/ec2/pricing/on-demand/`
  const stopped = hostPerHour(instanceType, true) as number
  return `Kafka host (${instanceType}, public address, ${diskGib} GiB): $${perHour.toFixed(4)} an hour, ${dollars(perHour * 8)} a day of 8 hours, ${dollars(perHour * hoursPerMonth)} a forgotten month; stopped ${dollars(stopped * hoursPerMonth)} a month`
}

/** What the host has cost since it was made, in dollars; while it was stopped (ms) only its disk. Undefined where the type is not in the table. */
export function costSince(createdAt: string, instanceType: string, stoppedMs = 0, now = Date.now()): number | undefined {
  const perHour = hostPerHour(instanceType)
  if (perHour === undefined) return undefined
  const ageMs = Math.max(0, now - Date.parse(createdAt))
  const restMs = Math.min(ageMs, stoppedMs)
  return (perHour * (ageMs - restMs) + (hostPerHour(instanceType, true) as number) * restMs) / 3_600_000
}
