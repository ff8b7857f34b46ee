import { expect, it } from 'vitest'
import { openConsumer } from '../../../lib/consumer/consumer.ts'
import { describeGroup } from '../../../lib/group.ts'
import { findHome, startHome } from '../../../lib/home.ts'
import { openLab, type Lab } from '../../../lib/lab.ts'
import { produce } from '../../../lib/producer.ts'
import { sink } from '../../../lib/sink/sink.ts'
import { createTopic } from '../../../lib/topic.ts'
import { waitFor } from '../../../lib/wait.ts'
import { homeForTests } from '../../helpers/lab.ts'
import { someQuotes } from '../../helpers/quotes.ts'

it(
  'closes a consumer whose broker is gone, for good; and a sink goes on when the broker is back',
  { timeout: 120_000 },
  async () => {
    const { dir, open } = await homeForTests({ properties: { 'group.min.session.timeout.ms': '500' } })
    const lab = open()
    const { topic, group } = lab.config
    await createTopic(lab, topic)
    await produce(lab, someQuotes(100))
    const consumer = await openConsumer(lab, topic, {
      group: `${group}-gone`,
      sessionTimeoutMs: 1500,
      onRecords: async () => true,
    })
    const controller = new AbortController()
    const running = sink(lab, { timeMs: 100_000, maxAgeMs: 100, sessionTimeoutMs: 1500, signal: controller.signal })
    running.catch(() => undefined) // looked at below
    await storedUntil(lab, 100)

    const { pid, endpoint, brokers } = (await findHome(dir))!
    process.kill(pid, 'SIGKILL')
    const from = performance.now()
    await consumer.close()
    expect(performance.now() - from).toBeLessThan(20_000) // five seconds, on a machine that does nothing else

    const portOf = (address: string): number => Number(address.slice(address.lastIndexOf(':') + 1))
    await startHome(dir, {
      port: portOf(endpoint),
      kafkaPort: portOf(brokers[0]),
      properties: { 'group.min.session.timeout.ms': '500' },
    })
    const again = openLab({ ...lab.config })
    await produce(again, someQuotes(50, 100))
    await storedUntil(again, 150)
    controller.abort()
    expect(await running).toMatchObject({ ended: 'signal' })
    // The member from before the kill expires; one that came back would stay.
    await waitFor('end of the closed member', async () => {
      const { members } = await describeGroup(again, `${group}-gone`).catch(() => ({ members: [] }))
      return members.length === 0
    })
    await again.close()
  },
)

async function storedUntil(lab: Lab, records: number): Promise<void> {
  const { group } = lab.config
  const stored = async (): Promise<number> => {
    const { offsets } = await describeGroup(lab, group).catch(() => ({ offsets: [] }))
    return offsets.reduce((sum, { committed }) => sum + Math.max(committed, 0), 0)
  }
  await waitFor(`${records} stored records`, async () => (await stored()) === records, { timeoutMs: 60_000 })
}
