import { isIPv4, isIPv6 } from 'node:net'
import { LabError } from '../../lib/errors.ts'

/** Checks a `--cidr`: one IPv4 address and /32. Everything wider is refused. */
export function parseCidr(text: string): string {
  const [, address = '', bits] = /^([0-9a-f:.]+)\/(\d{1,3})$/i.exec(text) ?? []
  const v6 = isIPv6(address)
  if (v6 ? bits !== '128' : isIPv4(address) && (bits !== '32' || address === '0.0.0.0'))
    throw new LabError('CIDR', `--cidr: ${text} would let strangers in. Give one IPv4 address with /32.`)
  if (!isIPv4(address))
    throw new LabError('CIDR', `--cidr: expected one IPv4 address such as 203.0.113.7/32, got ${JSON.stringify(text)}.`)
  return text
}

/** The address this machine is seen with from outside, as a /32; asked of AWS. */
export async function callerCidr(get: typeof fetch = fetch): Promise<string> {
  const url = 'https://checkip.amazonaws.com'
  try {
    const answer = await get(url, { signal: AbortSignal.timeout(10_000) })
    return parseCidr(`${(await answer.text()).trim()}/32`)
  } catch (error) {
    throw new LabError('CIDR', `Your own address: ${url} did not tell it. Say it yourself: --cidr 203.0.113.7/32`, {
      cause: error,
    })
  }
}
