import { randomBytes } from 'node:crypto'

/** The broker that the contract is held against. Cases may read these at run time only: they are set before the first one. */
export interface Target {
  host: string
  port: number
  /** A real Kafka 3.9.2, not the embedded broker. */
  real: boolean
}

/** A name that no other case uses. */
export const unique = (prefix: string): string => `${prefix}-${randomBytes(5).toString('hex')}`

/** The expectation where the two brokers differ, with the reason why they may. */
export const differs = <T>(target: Target, expected: { embedded: T; real: T; why: string }): T =>
  target.real ? expected.real : expected.embedded
