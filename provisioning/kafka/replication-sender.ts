import { setTimeout as sleep } from 'node:timers/promises'
import type { Kafka, Producer } from 'kafkajs'

/** Sends numbered messages until it is stopped and remembers which were acknowledged. */
export interface Sender {
  /** From now on the longest silence counts as the outage. */
  markKill(): void
  stop(): Promise<void>
  report(): { acknowledged: Set<number>; outageMs: number | null; errors: string[] }
}

const inFlight = 4 // unanswered requests for each topic
const perRequest = 100 // messages
// an acks=0 loop never waits: without a pause it starves the event loop, timers included
const pauseMs = 20

/** Starts sending to one topic; the same numbers again until they are acknowledged (at least once). */
export async function startSender(kafka: Kafka, topic: string, acks: 0 | 1 | -1): Promise<Sender> {
  // retries are made here, so that each failure is counted
  const producer = kafka.producer({ allowAutoTopicCreation: false, retry: { retries: 0 } })
  await producer.connect()
  const acknowledged = new Set<number>()
  const errors = new Set<string>()
  let next = 0
  let running = true
  let killed = false
  let lastAck = Date.now()
  let outageMs: number | null = null

  const remember = (first: number): void => {
    for (let number = first; number < first + perRequest; number++) acknowledged.add(number)
    const silence = Date.now() - lastAck
    if (killed && silence > (outageMs ?? 500)) outageMs = silence
    lastAck = Date.now()
  }
  const loop = async (): Promise<void> => {
    while (running) {
      const first = next
      next += perRequest
      while (running && !(await sendOnce(producer, { topic, acks, first }, errors))) await sleep(100)
      if (running) remember(first)
      await sleep(pauseMs)
    }
  }
  const loops = Promise.all(Array.from({ length: inFlight }, loop))
  return {
    markKill() {
      killed = true
    },
    async stop() {
      running = false
      await Promise.race([loops, sleep(8000)])
      await Promise.race([producer.disconnect(), sleep(2000)])
    },
    report: () => ({ acknowledged, outageMs, errors: [...errors].sort() }),
  }
}

async function sendOnce(
  producer: Producer,
  request: { topic: string; acks: number; first: number },
  errors: Set<string>,
): Promise<boolean> {
  const { topic, acks, first } = request
  const messages = Array.from({ length: perRequest }, (_, index) => ({ key: 'k', value: String(first + index).padEnd(100, '.') }))
  try {
    await producer.send({ topic, acks, messages, timeout: 4000 })
    return true
  } catch (error) {
    errors.add(errorName(error))
    return false
  }
}

/** Kafka's name of an error (`NOT_ENOUGH_REPLICAS`), else the client's. */
function errorName(error: unknown): string {
  const { type, code, name, cause } = error as { type?: string; code?: string; name?: string; cause?: unknown }
  return type ?? (cause ? errorName(cause) : undefined) ?? code ?? name ?? String(error)
}
