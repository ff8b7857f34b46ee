import { Command } from 'commander'
import { LabError } from '../errors.ts'
import { parseOffsetPoint, topicOffsetsAt } from '../offsets.ts'
import { createTopic, deleteTopic, describeTopic, ensureTopic, listTopics } from '../topic.ts'
import { collect } from './home.ts'
import { numberOption, printJson, printTable, withLab } from './output.ts'
import { addPartitions, changeConfigs, listConfigs } from './topic-settings.ts'

/** `topics list|create|describe|alter|delete`: what kafka-topics and kafka-configs do. */
export function topicCommand(): Command {
  const topics = new Command('topics').description('list, create, describe, alter and delete topics')
  topics.addCommand(list(), { isDefault: true })
  for (const command of [create(), describe(), alter(), remove()]) topics.addCommand(command)
  return topics.addHelpText(
    'after',
    `
As kafka-topics and kafka-configs:
  --create --topic trades --partitions 3          npx tickerlake topics create trades --partitions 3
  --describe --topic trades                       npx tickerlake topics describe trades
  --alter --topic trades --partitions 6           npx tickerlake topics alter trades --partitions 6
  --alter --add-config retention.ms=60000 …       npx tickerlake topics alter trades --config retention.ms=60000
  --alter --delete-config retention.ms …          npx tickerlake topics alter trades --delete-config retention.ms
  --describe --entity-type topics --all …         npx tickerlake topics describe trades --all
  --delete --topic trades                         npx tickerlake topics delete trades`,
  )
}

function list(): Command {
  return new Command('list')
    .description("the topics' names")
    .option('--json', 'as JSON')
    .action(({ json }: { json?: boolean }) =>
      withLab(async lab => {
        const names = await listTopics(lab)
        if (json) return printJson(names)
        for (const topic of names) console.log(topic)
      }),
    )
}

interface CreateFlags {
  partitions?: number
  replicationFactor?: number
  config: Record<string, string>
  ifNotExists?: boolean
}

function create(): Command {
  return new Command('create')
    .argument('<topic>')
    .description('create a topic; fails when it exists')
    .option('--partitions <n>', 'default 3', numberOption('partitions', { min: 1 }))
    .option(
      '--replication-factor <n>',
      'default: the number of brokers, at most 3',
      numberOption('replication-factor', { min: 1 }),
    )
    .option('--config <key=value>', 'a topic config such as retention.ms=60000 (repeatable)', collect, {})
    .option('--if-not-exists', 'leave one that exists as it is')
    .action((topic: string, { config: configs, ifNotExists, ...rest }: CreateFlags) =>
      withLab(async lab => {
        if (ifNotExists) {
          const isNew = await ensureTopic(lab, topic, { ...rest, configs })
          return console.log(isNew ? `Created topic ${topic}.` : `Topic ${topic} exists already.`)
        }
        const made = await createTopic(lab, topic, { ...rest, configs })
        console.log(`Created topic ${topic}: ${made.partitions} partitions, replication factor ${made.replicationFactor}.`)
      }),
    )
}

function describe(): Command {
  return new Command('describe')
    .argument('<topic>')
    .description('partitions with leader, replicas and offsets; the configs that are set')
    .option('--all', 'all configs, defaults too')
    .option('--json', 'as JSON')
    .action((topic: string, { all, json }: { all?: boolean; json?: boolean }) =>
      withLab(async lab => {
        const report = await describeTopic(lab, topic)
        const configs = all ? await listConfigs(lab, topic) : report.configs
        if (json) return printJson({ ...report, configs })
        printTable(
          report.partitions.map(({ replicas, isr, ...rest }) => ({ ...rest, replicas: replicas.join(','), isr: isr.join(',') })),
        )
        for (const [name, value] of Object.entries(configs)) console.log(`${name}=${value}`)
      }),
    )
}

interface AlterFlags {
  partitions?: number
  config: Record<string, string>
  deleteConfig: string[]
}

function alter(): Command {
  return new Command('alter')
    .argument('<topic>')
    .description('give a topic more partitions, set or unset its configs')
    .option('--partitions <n>', 'as many as there shall be; never fewer', numberOption('partitions', { min: 1 }))
    .option('--config <key=value>', 'set a topic config (repeatable)', collect, {})
    .option('--delete-config <key>', 'back to the default (repeatable)', (key: string, before: string[]) => [...before, key], [])
    .action((topic: string, { partitions, config, deleteConfig }: AlterFlags) =>
      withLab(async lab => {
        const changes = Object.keys(config).length + deleteConfig.length
        if (partitions === undefined && changes === 0)
          throw new LabError('OPTION', `topic ${topic}: nothing to change. Give --partitions, --config or --delete-config.`)
        if (partitions !== undefined) {
          await addPartitions(lab, topic, partitions)
          console.log(`Topic ${topic} has ${partitions} partitions. Keys may go to other partitions from now on.`)
        }
        if (changes > 0) {
          await changeConfigs(lab, topic, config, deleteConfig)
          console.log(`Changed ${changes} config${changes === 1 ? '' : 's'} of topic ${topic}.`)
        }
      }),
    )
}

function remove(): Command {
  return new Command('delete')
    .argument('<topic>')
    .description('delete a topic with its records')
    .option('--if-exists', 'do nothing when there is none')
    .action((topic: string, { ifExists }: { ifExists?: boolean }) =>
      withLab(async lab => {
        if (ifExists && !(await listTopics(lab)).includes(topic)) return console.log(`There is no topic ${topic}.`)
        await deleteTopic(lab, topic)
        console.log(`Deleted topic ${topic}.`)
      }),
    )
}

/** `offsets`: first, next or by time, for each partition (kafka-get-offsets). */
export function offsetsCommand(): Command {
  return new Command('offsets')
    .argument('[topic]', 'default LAB_TOPIC')
    .description('offsets of a topic: the next ones, the first ones, or those of a time')
    .option('--time <point>', 'latest (the offset of the next record), earliest, a time, or a duration back (PT1H)', 'latest')
    .option('--partition <n>', 'only this one', numberOption('partition'))
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
As kafka-get-offsets, one line for each partition, topic:partition:offset:
  npx tickerlake offsets trades
  npx tickerlake offsets trades --time earliest --partition 0
  npx tickerlake offsets trades --time 2026-11-21T09:00:00Z`,
    )
    .action((topic: string | undefined, { time, partition, json }: { time: string; partition?: number; json?: boolean }) =>
      withLab(async lab => {
        const point = parseOffsetPoint(/^\d{9,}$/.test(time) ? new Date(Number(time)).toISOString() : time)
        if (point.at === 'current' || point.at === 'shift' || point.at === 'offset')
          throw new LabError(
            'OPTION',
            `--time: expected earliest, latest, a time or a duration back, got ${JSON.stringify(time)}.`,
          )
        const name = topic ?? lab.config.topic
        const offsets = await topicOffsetsAt(lab, name, point, partition)
        if (json) return printJson(offsets)
        for (const { partition: id, offset } of offsets) console.log(`${name}:${id}:${offset}`)
      }),
    )
}
