import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { athenaService, type AthenaLimits } from './athena/service.ts'
import type { Credentials } from './aws/authentication.ts'
import { startAwsServer } from './aws/server.ts'
import { startBroker } from './broker/server.ts'
import { openCatalog } from './glue/catalog.ts'
import { glueService } from './glue/service.ts'
import { lockFolder } from './lock.ts'
import { s3Service } from './s3/service.ts'
import { openStorage } from './s3/storage.ts'

export interface LocalStackOptions {
  /** Where the state lives; made when missing. One running stack for each folder. */
  dir: string
  /** Of the AWS endpoint; default 4566, another free one when that is taken; 0 for a free one. A port given and taken is an error. */
  port?: number
  /** Of the broker; default 9092, same rules. */
  kafkaPort?: number
  /** Broker properties under Kafka's names, such as `{ 'num.partitions': '3' }`; an unknown one is an error. */
  properties?: Record<string, string>
  /** What stops a query: memory, time, how many at once; default Athena's own numbers. */
  athena?: AthenaLimits
  /** Told what an operator should know, a line each; default nothing. */
  log?: (line: string) => void
}

/** What `tickerlake up --json` prints. */
export interface HomeInfo {
  brokers: string[]
  endpoint: string
  region: string
  accessKeyId: string
  secretAccessKey: string
  dir: string
  pid: number
}

export interface LocalStack extends HomeInfo {
  /** Empties everything: topics, groups, buckets, catalog, queries. Addresses and keys stay. */
  reset(): Promise<void>
  close(): Promise<void>
}

const region = 'us-east-1'
const stores = ['broker', 's3', 'glue', 'athena'] as const

/** Starts broker, S3, Glue and Athena on loopback, all with their state in `dir`. What was there before is there again. Fails when the folder is in
 *  use by another stack, or a port that was asked for is taken. */
export async function startLocalStack(options: LocalStackOptions): Promise<LocalStack> {
  const dir = resolve(options.dir)
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const unlock = lockFolder(dir)
  try {
    const credentials = keys(dir)
    let services = await startServices(dir, credentials, options)
    const { kafkaPort, port } = services
    return {
      brokers: [`127.0.0.1:${kafkaPort}`],
      endpoint: `http://127.0.0.1:${port}`,
      region,
      ...credentials,
      dir,
      pid: process.pid,
      async reset() {
        await services.close()
        removeStores(dir)
        services = await startServices(dir, credentials, { ...options, port, kafkaPort })
      },
      async close() {
        await services.close()
        unlock()
      },
    }
  } catch (error) {
    unlock()
    throw error
  }
}

/** Empties a folder in which nothing runs. Throws `FolderInUse`. */
export function emptyFolder(dir: string): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const unlock = lockFolder(dir)
  removeStores(dir)
  unlock()
}

function removeStores(dir: string): void {
  for (const store of stores) rmSync(join(dir, store), { recursive: true, force: true })
}

interface Services {
  port: number
  kafkaPort: number
  close(): Promise<void>
}

async function startServices(dir: string, credentials: Credentials, options: LocalStackOptions): Promise<Services> {
  const { properties, log = () => {} } = options
  const open: { close(): Promise<void> }[] = []
  const opened = <T extends { close(): Promise<void> }>(service: T): T => (open.unshift(service), service)
  const close = async (): Promise<void> => {
    for (const service of open) await service.close()
  }
  try {
    const broker = opened(
      await listenOn('kafka-port', options.kafkaPort, 9092, port =>
        startBroker({ dir: join(dir, 'broker'), port, properties, log }),
      ),
    )
    const storage = opened(await openStorage({ dir: join(dir, 's3'), log }))
    const catalog = opened(await openCatalog({ dir: join(dir, 'glue') }))
    const glue = opened(await glueService({ catalog, storage, dir: join(dir, 'glue'), log }))
    const athena = opened(await athenaService({ catalog, storage, dir: join(dir, 'athena'), log, limits: options.athena }))
    const server = opened(
      await listenOn('port', options.port, 4566, port =>
        startAwsServer({ port, region, credentials, s3: s3Service(storage, { region }), json: [glue, athena], log }),
      ),
    )
    return { port: server.port, kafkaPort: broker.port, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Listens on the port asked for; on the usual one, or a free one when that is taken, when none was. */
async function listenOn<T>(
  name: string,
  asked: number | undefined,
  usual: number,
  listen: (port: number) => Promise<T>,
): Promise<T> {
  try {
    return await listen(asked ?? usual)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    if (asked === undefined) return listen(0)
    throw new Error(`port ${asked}: is in use. Choose another with --${name}, or 0 for a free one.`, { cause: error })
  }
}

/** The home's own keys: made once at random, so that no other program's default keys work here. */
function keys(dir: string): Credentials {
  const file = join(dir, 'keys.json')
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Credentials
  } catch {
    const made = {
      accessKeyId: `LAB${randomBytes(8).toString('hex').toUpperCase()}`,
      secretAccessKey: randomBytes(30).toString('base64url'),
    }
    writeFileSync(file, JSON.stringify(made), { mode: 0o600 })
    return made
  }
}
