import type { Log } from '../log/log.ts'

/** The topic of committed offsets and group states. */
export const offsetsTopic = '__consumer_offsets'
/** The topic of transaction states. */
export const transactionsTopic = '__transaction_state'
export const isInternal = (topic: string): boolean => topic === offsetsTopic || topic === transactionsTopic

export interface Topic {
  name: string
  /** Configs given for this topic, under Kafka's names. */
  configs: Record<string, string>
  partitions: Log[]
}
