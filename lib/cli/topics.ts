import { Command } from 'commander'
import { createTopic, deleteTopic, describeTopic, listTopics } from '../topic.ts'
import { collect } from './home.ts'
import { numberOption, printJson, printTable, withLab } from './output.ts'

/** `topics list|create|describe|delete`. */
export function topicCommand(): Command {
  const topics = new Command('topics').description('list, create, describe and delete topics')
  topics
    .command('list', { isDefault: true })
    .description("the topics' names")
    .action(() => withLab(async lab => (await listTopics(lab)).forEach(topic => console.log(topic))))
  topics
    .command('create <topic>')
    .description('create a topic; fails when it exists')
    .option('--partitions <n>', 'default 3', numberOption('partitions', { min: 1 }))
    .option(
      '--replication-factor <n>',
      'default: the number of brokers, at most 3',
      numberOption('replication-factor', { min: 1 }),
    )
    .option('--config <key=value>', 'a topic config such as retention.ms=60000 (repeatable)', collect, {})
    .action((topic: string, options: { partitions?: number; replicationFactor?: number; config: Record<string, string> }) =>
      withLab(async lab => {
        const { config: configs, ...rest } = options
        const made = await createTopic(lab, topic, { ...rest, configs })
        console.log(`Created topic ${topic}: ${made.partitions} partitions, replication factor ${made.replicationFactor}.`)
      }),
    )
  topics
    .command('describe <topic>')
    .description('partitions with leader, replicas and offsets; the configs that are set')
    .option('--json', 'as JSON')
    .action((topic: string, { json }: { json?: boolean }) =>
      withLab(async lab => {
        const report = await describeTopic(lab, topic)
        if (json) return printJson(report)
        printTable(
          report.partitions.map(({ replicas, isr, ...rest }) => ({ ...rest, replicas: replicas.join(','), isr: isr.join(',') })),
        )
        for (const [name, value] of Object.entries(report.configs)) console.log(`${name}=${value}`)
      }),
    )
  topics
    .command('delete <topic>')
    .description('delete a topic with its records')
    .action((topic: string) =>
      withLab(async lab => {
        await deleteTopic(lab, topic)
        console.log(`Deleted topic ${topic}.`)
      }),
    )
  return topics
}
