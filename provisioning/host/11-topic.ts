import { errorMessage } from '../../lib/errors.ts'
import { type Lab, openLab } from '../../lib/lab.ts'
import { ensureTopic, listTopics } from '../../lib/topic.ts'
import { advertisedAddress } from './09-broker.ts'
import { type HostContext, labKafka } from './context.ts'
import { runAlone } from './run-alone.ts'
import type { Step } from './step.ts'

/** The lab's topics, made by the lab's own client: a third JVM (kafka-topics.sh) does not fit into 1 GiB. */
export const topic: Step<HostContext> = {
  title: 'topics',
  async check(context) {
    let lab: Lab | undefined
    try {
      lab = openLab({ kafka: labKafka(context, await advertisedAddress(context)) })
      const there = await listTopics(lab)
      return names(context)
        .filter(name => !there.includes(name))
        .map(name => `no topic ${name}`)
    } catch (error) {
      return [`the topics cannot be read yet (${errorMessage(error)})`]
    } finally {
      await lab?.close()
    }
  },
  async apply(context) {
    const lab = openLab({ kafka: labKafka(context, await advertisedAddress(context)) })
    try {
      for (const name of names(context)) await ensureTopic(lab, name)
    } finally {
      await lab.close()
    }
  },
}

const names = ({ topic }: HostContext): string[] => [topic, `${topic}.dlq`]

if (import.meta.main) runAlone(topic)
