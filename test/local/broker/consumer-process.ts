import { Kafka, logLevel } from 'kafkajs'

/** A consumer in a process of its own, to be killed: `node consumer-process.ts PORT TOPIC GROUP`. Prints `joined`, `read P O` for each record and
 *  `committed P O` after each commit; leaves its group on SIGTERM. */
const [port, topic, groupId] = process.argv.slice(2)
const kafka = new Kafka({
  brokers: [`127.0.0.1:${port}`],
  logLevel: logLevel.NOTHING,
  retry: { initialRetryTime: 50, retries: 20 },
})
const consumer = kafka.consumer({
  groupId: groupId!,
  sessionTimeout: 2000,
  heartbeatInterval: 200,
  rebalanceTimeout: 3000,
  maxWaitTimeInMs: 100,
})
consumer.on('consumer.group_join', () => console.log('joined'))
process.on('SIGTERM', () => void consumer.disconnect().then(() => process.exit(0)))

async function main(): Promise<void> {
  await consumer.connect()
  await consumer.subscribe({ topics: [topic!], fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachBatch: async ({ batch, isStale, isRunning }) => {
      if (isStale() || !isRunning()) return
      for (const { offset } of batch.messages) console.log(`read ${batch.partition} ${offset}`)
      const next = String(Number(batch.lastOffset()) + 1)
      await consumer.commitOffsets([{ topic: topic!, partition: batch.partition, offset: next }])
      console.log(`committed ${batch.partition} ${next}`)
    },
  })
}
void main()
