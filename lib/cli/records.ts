import { createInterface } from 'node:readline'
import { join } from 'node:path'
import { Command, Option } from 'commander'
import { callersFile, projectRoot } from '../config.ts'
import { peek } from '../consumer/peek.ts'
import { produce, produceRaw, type RawMessage } from '../producer.ts'
import { readQuotes, type SourceOptions } from '../source.ts'
import { interruptSignal, numberOption, printJson, withLab } from './output.ts'

interface ProduceCommandOptions extends SourceOptions {
  topic?: string
  csv: string
  stdin?: boolean
  keySeparator?: string
  json?: boolean
}

/** `produce`: quotes of a CSV, or lines of stdin as they are (Kafka's console producer). */
export function produceCommand(): Command {
  return new Command('produce')
    .description('send the quotes of a CSV, or lines from stdin, to a topic')
    .option('--topic <topic>', 'default LAB_TOPIC')
    .option('--csv <file>', 'default data/quotes.csv', join(projectRoot, 'data', 'quotes.csv'))
    .addOption(
      new Option('--order <order>', 'file: as the rows stand; replay: by date; random: any row, as the tutorial')
        .choices(['file', 'replay', 'random'])
        .default('file'),
    )
    .option('--pace <n>', 'events per second', numberOption('pace', { whole: false }))
    .option('--take <n>', 'end after so many', numberOption('take'))
    .option('--seed <n>', 'of the random order', numberOption('seed'))
    .option('--stdin', 'send each line of stdin as it is')
    .option('--key-separator <text>', 'with --stdin: what stands between key and value')
    .option('--json', 'print the report as JSON')
    .action(({ topic, csv, stdin, keySeparator, json, ...source }: ProduceCommandOptions) =>
      withLab(async lab => {
        const signal = interruptSignal()
        const report = stdin
          ? await produceRaw(lab, lines(signal, keySeparator), { topic, lingerMs: 50 })
          : await produce(lab, readQuotes(callersFile(csv), { ...source, signal }), { topic })
        if (json) return printJson(report)
        const places = Object.entries(report.partitions).map(([partition, count]) => `partition ${partition}: ${count}`)
        console.log(`Sent ${report.sent} events to ${report.topic} in ${report.seconds} s (${places.join(', ') || 'nothing'}).`)
      }),
    )
}

async function* lines(signal: AbortSignal, keySeparator?: string): AsyncGenerator<RawMessage> {
  for await (const line of createInterface({ input: process.stdin, signal })) {
    const at = keySeparator ? line.indexOf(keySeparator) : -1
    yield at < 0 ? { value: line } : { key: line.slice(0, at), value: line.slice(at + keySeparator!.length) }
  }
}

/** `peek`: records with partition, offset, key and time (Kafka's console consumer), without leaving a trace. */
export function peekCommand(): Command {
  return new Command('peek')
    .description('show records of a topic with partition, offset, key and time; commits nothing')
    .argument('[topic]', 'default LAB_TOPIC')
    .option('--partition <n>', 'only this one', numberOption('partition'))
    .option('--offset <n>', 'first offset; negative counts from the end', numberOption('offset', { min: -Infinity }), 0)
    .option('--take <n>', 'at most so many', numberOption('take', { min: 1 }), 10)
    .option('--json', 'one JSON object a line')
    .action(
      (topic: string | undefined, { json, ...options }: { partition?: number; offset: number; take: number; json?: boolean }) =>
        withLab(async lab => {
          for (const { value, timestamp, keyBytes: _, ...record } of await peek(lab, topic ?? lab.config.topic, options)) {
            const time = timeText(timestamp)
            if (json) console.log(JSON.stringify({ ...record, time, value: value?.toString('utf8') ?? null }))
            else
              console.log(
                `${record.partition}/${record.offset}  ${time}  ${record.key ?? '(no key)'}  ${value?.toString('utf8') ?? '(null)'}`,
              )
          }
        }),
    )
}

/** ISO 8601, or the bare number of a time that no calendar has. */
function timeText(timestamp: number): string {
  const time = new Date(timestamp)
  return Number.isNaN(time.getTime()) ? `${timestamp} ms` : time.toISOString()
}
