import { Command } from 'commander'
import { loadConfig } from '../config.ts'
import { LabError } from '../errors.ts'
import { findHome, resetHome, startHome, stopHome, writeKcatConfig, type HomeInfo } from '../home.ts'
import { numberOption, printJson } from './output.ts'

/** `up`, `down`, `status`, `env`, `reset`: the embedded home as a background process. */
export function homeCommands(): Command[] {
  return [up(), down(), status(), env(), reset()]
}

function up(): Command {
  return new Command('up')
    .description('start the embedded home (broker, S3, Glue, Athena) in the background and wait until it answers')
    .option('--port <port>', 'of the AWS endpoint; 0 for a free one', numberOption('port', { max: 65_535 }))
    .option('--kafka-port <port>', 'of the broker; 0 for a free one', numberOption('kafka-port', { max: 65_535 }))
    .option('--set <key=value>', "a broker property under Kafka's own name (repeatable)", collect, {})
    .option('--json', 'print addresses and keys as JSON')
    .action(
      async ({
        port,
        kafkaPort,
        set,
        json,
      }: {
        port?: number
        kafkaPort?: number
        set: Record<string, string>
        json?: boolean
      }) => {
        const { dir } = loadConfig()
        const running = await findHome(dir)
        if (running) checkRunning(running, { port, kafkaPort, set })
        const home = running ?? (await startHome(dir, { port, kafkaPort, properties: set }))
        if (json) return printJson(home)
        console.log(running ? 'The embedded home runs already.' : 'The embedded home is up.')
        printHome(home)
      },
    )
}

/** An `up` that asks for something else than what runs must not look as if it had got it. */
function checkRunning(
  { endpoint, brokers, pid }: HomeInfo,
  { port, kafkaPort, set }: { port?: number; kafkaPort?: number; set: object },
): void {
  const other = (asked: number | undefined, address: string): boolean => Boolean(asked) && !address.endsWith(`:${asked}`)
  if (other(port, endpoint) || other(kafkaPort, brokers[0]) || Object.keys(set).length > 0) {
    throw new LabError(
      'HOME_RUNS',
      `embedded home: runs already (process ${pid}) with Kafka ${brokers[0]} and AWS ${endpoint}. Stop it first (npx tickerlake down) to change ports or properties.`,
    )
  }
}

function down(): Command {
  return new Command('down').description('stop the embedded home; what it holds stays').action(async () => {
    console.log(
      (await stopHome(loadConfig().dir))
        ? 'The embedded home is stopped. What it holds stays.'
        : 'The embedded home was not running.',
    )
  })
}

function status(): Command {
  return new Command('status')
    .description('whether the embedded home runs, and where; exit code 3 when it does not')
    .option('--json', 'as JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const { dir, kafka, cloud } = loadConfig()
      const home = await findHome(dir)
      if (!home) process.exitCode = 3
      if (json) return printJson({ running: Boolean(home), ...(home ?? { dir }) })
      console.log(
        home ? 'The embedded home runs.' : `The embedded home does not run (folder ${dir}). Start it with: npx tickerlake up`,
      )
      if (home) printHome(home)
      if (kafka.kind === 'cluster') console.log(`LAB_KAFKA points to ${kafka.brokers.join(', ')} instead.`)
      if (cloud.kind !== 'embedded') console.log(`LAB_CLOUD points to ${cloud.kind === 'aws' ? 'AWS' : cloud.url} instead.`)
    })
}

function env(): Command {
  return new Command('env')
    .description(
      'shell exports, so that the aws CLI, boto3 and kcat work against the embedded home: eval "$(npx tickerlake env)"',
    )
    .action(async () => {
      const { dir } = loadConfig()
      const home = await findHome(dir)
      if (!home) throw new LabError('HOME_DOWN', `embedded home in ${dir}: does not run. Start it with: npx tickerlake up`)
      const exports = {
        AWS_ENDPOINT_URL: home.endpoint,
        AWS_ACCESS_KEY_ID: home.accessKeyId,
        AWS_SECRET_ACCESS_KEY: home.secretAccessKey,
        AWS_REGION: home.region,
        AWS_DEFAULT_REGION: home.region,
        KCAT_CONFIG: writeKcatConfig(home),
      }
      console.log('# eval "$(npx tickerlake env)". kcat, and programs with a bootstrap address: ' + home.brokers.join(','))
      console.log(`# CLIs and SDKs older than 2023 do not know AWS_ENDPOINT_URL: give them --endpoint-url ${home.endpoint}`)
      for (const [name, value] of Object.entries(exports)) console.log(`export ${name}='${value.replaceAll("'", `'\\''`)}'`)
    })
}

function reset(): Command {
  return new Command('reset')
    .description('empty the embedded home: topics, groups, buckets, tables, queries, charts; keeps running if it ran')
    .action(async () => {
      const home = await resetHome(loadConfig().dir)
      console.log('The embedded home is empty.')
      if (home) printHome(home)
    })
}

function printHome({ brokers, endpoint, dir, pid }: HomeInfo): void {
  console.log(`  Kafka   ${brokers.join(', ')}`)
  console.log(`  AWS     ${endpoint}   (S3, Glue, Athena; keys: npx tickerlake env)`)
  console.log(`  folder  ${dir}`)
  console.log(`  process ${pid}`)
}

/** Collects `--set key=value`, or a topic's `--config key=value`. */
export function collect(text: string, before: Record<string, string>): Record<string, string> {
  const at = text.indexOf('=')
  if (at < 1) throw new LabError('OPTION', `${text}: expected key=value.`)
  return { ...before, [text.slice(0, at).trim()]: text.slice(at + 1) }
}
