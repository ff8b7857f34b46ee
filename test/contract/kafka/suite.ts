import { afterEach } from 'vitest'
import { answerCases } from './answers.ts'
import { clientCases } from './clients.ts'
import { configCases } from './configs.ts'
import { fetchCases } from './fetch.ts'
import { groupCases } from './groups.ts'
import { offsetCases } from './offsets.ts'
import { produceCases } from './produce.ts'
import { producerCases } from './producers.ts'
import { protocolCases } from './protocol.ts'
import type { Target } from './target.ts'
import { topicCases } from './topics.ts'
import { transactionCases } from './transactions.ts'
import { Wire } from './wire.ts'

/** What both brokers are started with, so that the cases need not wait long. */
export const contractProperties = { 'group.min.session.timeout.ms': '1500' }

/** The contract: what a client may rely on, the same on the embedded broker and on a real Kafka. */
export function kafkaContract(target: Target): void {
  const opened: Wire[] = []
  const open = async (): Promise<Wire> => {
    const wire = await Wire.open(target)
    opened.push(wire)
    return wire
  }
  afterEach(() => {
    for (const wire of opened.splice(0)) wire.close()
  })
  protocolCases(target, open)
  topicCases(target, open)
  produceCases(open)
  fetchCases(target, open)
  groupCases(target, open)
  offsetCases(open)
  producerCases(open)
  transactionCases(open)
  configCases(target, open)
  answerCases(target, open)
  clientCases(target)
}
