import { createReadStream } from 'node:fs'
import { join as joinPath } from 'node:path'
import { Command, Option } from 'commander'
import { callersFile, projectRoot } from '../config.ts'
import { peek } from '../consumer/peek.ts'
import { LabError } from '../errors.ts'
import type { Lab } from '../lab.ts'
import { parseOffsetPoint, topicOffsetsAt } from '../offsets.ts'
import { produce, produceRaw, type ProduceOptions, type ProduceReport, type RawMessage } from '../producer.ts'
import { readQuotes, type SourceOptions } from '../source.ts'
import { follow, join, type FollowOptions } from './follow.ts'
import { collect } from './home.ts'
import { formatOfProperties, parseLines, splitLines } from './lines.ts'
import { interruptSignal, numberOption, printJson, withLab } from './output.ts'
import { recordFormat, writeRecords } from './print-records.ts'

interface LineFlags {
  stdin?: boolean
  file?: string
  keySeparator?: string
  key?: string
  header: Record<string, string>
  nullMarker?: string
  partition?: number
  ignoreErrors?: boolean
  property: Record<string, string>
}

interface ProduceFlags extends SourceOptions, LineFlags {
  topic?: string
  csv: string
  acks: '0' | '1' | 'all' | '-1'
  compression: 'none' | 'gzip'
  json?: boolean
}

/** `produce`: quotes of a CSV, or lines as they are (kafka-console-producer). */
export function produceCommand(): Command {
  return new Command('produce')
    .description('send the quotes of a CSV, or lines from stdin or a file, to a topic')
    .option('--topic <topic>', 'default LAB_TOPIC')
    .option('--csv <file>', 'default data/quotes.csv', joinPath(projectRoot, 'data', 'quotes.csv'))
    .addOption(
      new Option('--order <order>', 'file: as the rows stand; replay: by date; random: any row, as the tutorial')
        .choices(['file', 'replay', 'random'])
        .default('file'),
    )
    .option('--pace <n>', 'events per second', numberOption('pace', { whole: false }))
    .option('--take <n>', 'end after so many', numberOption('take'))
    .option('--seed <n>', 'of the random order', numberOption('seed'))
    .option('--stdin', 'send each line of stdin as it is')
    .option('--file <file>', 'send each line of a file as it is')
    .option('--key-separator <text>', 'with lines: what stands between key and value')
    .option('--key <text>', 'with lines: the key of all of them')
    .option('--header <name=value>', 'with lines: a header for all of them (repeatable)', collect, {})
    .option('--null-marker <text>', 'with lines: a key or value that is this text is null (a tombstone)')
    .option('--partition <n>', 'with lines: where all of them go', numberOption('partition'))
    .option('--ignore-errors', 'with lines: one without its separator is sent whole')
    .option('--property <name=value>', "with lines: Kafka's own names, such as parse.key=true (repeatable)", collect, {})
    .addOption(
      new Option('--acks <acks>', 'who must have a record: all in sync, the leader (1), nobody (0)')
        .choices(['all', '-1', '1', '0'])
        .default('all'),
    )
    .addOption(new Option('--compression <codec>', 'of what is sent').choices(['none', 'gzip']).default('none'))
    .option('--json', 'print the report as JSON')
    .addHelpText(
      'after',
      `
As kafka-console-producer:
  echo hello | npx tickerlake produce --topic trades --stdin
  npx tickerlake produce --topic trades --file lines.txt --property parse.key=true --property key.separator=:
  printf 'source:web\\tNYA\\t{"close":1.5}\\n' | npx tickerlake produce --topic trades --stdin --property parse.headers=true --property parse.key=true
  printf 'NYA:NULL\\n' | npx tickerlake produce --topic trades --stdin --key-separator : --null-marker NULL --acks all`,
    )
    .action(produceAction)
}

function produceAction(flags: ProduceFlags): Promise<void> {
  const { topic, csv, acks, compression, json, order, pace, take, seed } = flags
  return withLab(async lab => {
    const signal = interruptSignal()
    const how: ProduceOptions = { topic, acks: acks === '0' ? 0 : acks === '1' ? 1 : -1, gzip: compression === 'gzip' }
    if (flags.partition !== undefined) await topicOffsetsAt(lab, topic ?? lab.config.topic, { at: 'latest' }, flags.partition)
    const report =
      flags.stdin || flags.file !== undefined
        ? await sendLines(lab, flags, how, signal)
        : await produce(lab, readQuotes(callersFile(csv), { order, pace, take, seed, signal }), how)
    if (json) return printJson(report)
    const places = Object.entries(report.partitions).map(([partition, count]) => `partition ${partition}: ${count}`)
    console.log(`Sent ${report.sent} events to ${report.topic} in ${report.seconds} s (${places.join(', ') || 'nothing'}).`)
  })
}

/** A line that is wrong ends the run, but what came before it is sent. */
async function sendLines(lab: Lab, flags: LineFlags, how: ProduceOptions, signal: AbortSignal): Promise<ProduceReport> {
  let wrong: LabError | undefined
  const lines = async function* (): AsyncGenerator<RawMessage> {
    try {
      yield* messagesOf(flags, signal)
    } catch (error) {
      if (!(error instanceof LabError) || error.code !== 'BAD_LINE') throw error
      wrong = error
    }
  }
  const report = await produceRaw(lab, lines(), { ...how, ...(flags.file === undefined && { lingerMs: 50 }) })
  if (wrong) throw new LabError(wrong.code, `${wrong.message} (${report.sent} lines before it were sent.)`, { cause: wrong })
  return report
}

async function* messagesOf(flags: LineFlags & { take?: number }, signal: AbortSignal): AsyncGenerator<RawMessage> {
  const { file, keySeparator, key, header, nullMarker, partition, ignoreErrors = false, property, take = Infinity } = flags
  const source = file === undefined ? 'stdin' : callersFile(file)
  const input = file === undefined ? process.stdin : createReadStream(source)
  const stop = (): void => void input.destroy()
  signal.addEventListener('abort', stop)
  const format = {
    source,
    ignoreErrors,
    fixedHeaders: header,
    ...(key !== undefined && { key }),
    ...(partition !== undefined && { partition }),
    ...formatOfProperties(property),
    ...(keySeparator !== undefined && { keySeparator }),
    ...(nullMarker !== undefined && { nullMarker }),
  }
  let sent = 0
  try {
    if (take > 0)
      for await (const message of parseLines(splitLines(input), format)) {
        yield message
        if (++sent >= take) break
      }
  } catch (error) {
    if (signal.aborted) return
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new LabError('NO_FILE', `${source}: there is no such file. Give its path with --file.`, { cause: error })
    throw error
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

interface ConsumeFlags {
  group?: string
  fromBeginning?: boolean
  from?: string
  partition?: number
  maxMessages?: number
  timeoutMs?: number
  untilEnd?: boolean
  keys?: boolean
  headers?: boolean
  timestamps?: boolean
  places?: boolean
  property: Record<string, string>
  json?: boolean
}

/** `consume`: records as they come (kafka-console-consumer). */
export function consumeCommand(): Command {
  return new Command('consume')
    .description('print the records of a topic as they come, until Ctrl-C or an end that was asked for')
    .argument('[topic]', 'default LAB_TOPIC')
    .option('--from-beginning', 'begin at the first record; default: only what comes now (a group goes on where it was)')
    .option(
      '--from <point>',
      'begin at earliest, latest, an offset, -10 (so many before the end), a time, or a duration back (PT1H)',
    )
    .option('--partition <n>', 'only this one', numberOption('partition'))
    .option('--group <group>', 'as a member of this group, which commits what was printed')
    .option('--max-messages <n>', 'end after so many', numberOption('max-messages', { min: 1 }))
    .option('--timeout-ms <n>', 'end when nothing came for so long', numberOption('timeout-ms'))
    .option('--until-end', 'end at what was there at the start')
    .option('--keys', 'print keys too')
    .option('--headers', 'print headers too')
    .option('--timestamps', 'print times too')
    .option('--places', 'print partition and offset too')
    .option('--property <name=value>', "Kafka's own names, such as print.key=true, key.separator=: (repeatable)", collect, {})
    .option('--json', 'one JSON object a line')
    .addHelpText(
      'after',
      `
As kafka-console-consumer; values go to stdout byte by byte, everything else to stderr:
  npx tickerlake consume trades --from-beginning --max-messages 10
  npx tickerlake consume trades --partition 0 --from 42 --keys --timestamps
  npx tickerlake consume trades --from PT1H --until-end --json | head
  npx tickerlake consume trades --group watchers --property print.key=true --property key.separator=:`,
    )
    .action(consumeAction)
}

function consumeAction(topic: string | undefined, flags: ConsumeFlags): Promise<void> {
  const { group, fromBeginning = false, from, partition, maxMessages, timeoutMs, untilEnd, property, ...looks } = flags
  const format = recordFormat(property, looks)
  if (group !== undefined && (from !== undefined || partition !== undefined || untilEnd))
    throw new LabError(
      'OPTION',
      '--group: a group begins where it was and shares its partitions. Leave --from, --partition and --until-end away, or move it with groups reset.',
    )
  if (from !== undefined && fromBeginning) throw new LabError('OPTION', '--from: say it or --from-beginning, not both.')
  return withLab(async lab => {
    const signal = interruptSignal()
    const name = topic ?? lab.config.topic
    const each = (records: Parameters<typeof writeRecords>[1]): Promise<void> => writeRecords(process.stdout, records, format)
    const ends = { maxRecords: maxMessages, idleMs: timeoutMs, signal }
    const start = fromBeginning ? ({ at: 'earliest' } as const) : from === undefined ? undefined : startPoint(from)
    const count =
      group === undefined
        ? await follow(lab, name, { ...ends, from: start, partition, untilEnd }, each)
        : await join(lab, name, { ...ends, group, fromBeginning }, each)
    console.error(`${count} record${count === 1 ? '' : 's'}.`)
  })
}

function startPoint(text: string): FollowOptions['from'] {
  const point = parseOffsetPoint(text)
  if (point.at === 'shift' && point.by < 0) return { at: 'last', count: -point.by }
  if (point.at === 'shift' || point.at === 'current')
    throw new LabError(
      'OPTION',
      `--from: expected earliest, latest, an offset, -10, a time or a duration back, got ${JSON.stringify(text)}.`,
    )
  return point
}

interface PeekFlags {
  partition?: number
  offset: number
  take: number
  json?: boolean
}

/** `peek`: records with partition, offset, key and time, in order, without leaving a trace. */
export function peekCommand(): Command {
  return new Command('peek')
    .description('show records of a topic with partition, offset, key and time; commits nothing')
    .argument('[topic]', 'default LAB_TOPIC')
    .option('--partition <n>', 'only this one', numberOption('partition'))
    .option('--offset <n>', 'first offset; negative counts from the end', numberOption('offset', { min: -Infinity }), 0)
    .option('--take <n>', 'at most so many', numberOption('take', { min: 1 }), 10)
    .option('--json', 'one JSON object a line')
    .action((topic: string | undefined, { json, ...options }: PeekFlags) =>
      withLab((lab: Lab) => showRecords(lab, topic ?? lab.config.topic, options, Boolean(json))),
    )
}

async function showRecords(lab: Lab, topic: string, options: Omit<PeekFlags, 'json'>, json: boolean): Promise<void> {
  for (const { value, timestamp, keyBytes: _, headerBytes: __, ...record } of await peek(lab, topic, options)) {
    const time = timeText(timestamp)
    const text = value?.toString('utf8') ?? null
    if (json) console.log(JSON.stringify({ ...record, time, value: text }))
    else console.log(`${record.partition}/${record.offset}  ${time}  ${record.key ?? '(no key)'}  ${text ?? '(null)'}`)
  }
}

/** ISO 8601, or the bare number of a time that no calendar has. */
function timeText(timestamp: number): string {
  const time = new Date(timestamp)
  return Number.isNaN(time.getTime()) ? `${timestamp} ms` : time.toISOString()
}
