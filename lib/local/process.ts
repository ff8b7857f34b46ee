import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { emptyFolder, startLocalStack } from './index.ts'
import { FolderInUse } from './lock.ts'

/** What `lib/home.ts` takes for: try again, somebody else has the folder (`EX_TEMPFAIL` of sysexits.h). */
const folderInUse = 75

/** The embedded home as a process of its own (`main.ts` starts it): starts the stack, writes `home.json` when it answers, and ends with SIGTERM or SIGINT. */
async function run(): Promise<void> {
  const { values } = parseArgs({
    options: {
      dir: { type: 'string' },
      port: { type: 'string' },
      'kafka-port': { type: 'string' },
      set: { type: 'string', multiple: true, default: [] },
      reset: { type: 'boolean' },
    },
  })
  if (!values.dir) throw new Error('--dir is missing')
  if (values.reset) return emptyFolder(values.dir)
  const properties: Record<string, string> = {}
  for (const setting of values.set) properties[setting.slice(0, setting.indexOf('='))] = setting.slice(setting.indexOf('=') + 1)
  const port = (text?: string): number | undefined => (text === undefined ? undefined : Number(text))
  const log = (line: string): void => console.log(`${new Date().toISOString()} ${line}`)
  const {
    reset: _,
    close,
    ...home
  } = await startLocalStack({ dir: values.dir, port: port(values.port), kafkaPort: port(values['kafka-port']), properties, log })
  const file = join(home.dir, 'home.json')
  writeFileSync(`${file}.new`, `${JSON.stringify({ ...home, properties }, null, 2)}\n`, { mode: 0o600 })
  renameSync(`${file}.new`, file)
  log(`home is up: Kafka ${home.brokers[0]}, S3, Glue and Athena ${home.endpoint}`)
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      rmSync(file, { force: true })
      void close().then(() => process.exit(0))
    })
  }
}

/** Runs the home until a signal. What keeps it from starting is one line in the log and the exit code; what nobody foresaw later is a line, and
 *  the home goes on. */
export function main(): void {
  const note = (error: unknown): void =>
    console.log(`${new Date().toISOString()} unexpected: ${(error as Error)?.stack ?? error}`)
  process.on('uncaughtException', note)
  process.on('unhandledRejection', note)
  run().catch((error: unknown) => {
    console.log(`tickerlake: ${error instanceof Error ? error.message : String(error)}`)
    process.exit(error instanceof FolderInUse ? folderInUse : 1)
  })
}
