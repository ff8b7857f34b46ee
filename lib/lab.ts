import { readFileSync } from 'node:fs'
import { loadConfig, type Config, type KafkaConfig } from './config.ts'
import { LabError } from './errors.ts'
import { startHome, type HomeInfo } from './home.ts'

type ClientName = 'kafka' | 's3' | 'glue' | 'athena'

/** An open lab: the settings, and the clients of the home they name. Clients are made on first use; `tickerlake/kafka` and `tickerlake/aws`
 *  give them with their types. Close it when done. */
export interface Lab {
  readonly config: Config
  client(name: ClientName): Promise<unknown>
  close(): Promise<void>
}

/** Opens the lab of the environment's switches, with `overrides` of single settings. Nothing is started or connected before it is needed. */
export function openLab(overrides: Partial<Config> = {}): Lab {
  const config = { ...loadConfig(), ...overrides }
  const clients = new Map<ClientName, Promise<unknown>>()
  let home: Promise<HomeInfo> | undefined
  const atHome = (): Promise<HomeInfo> =>
    (home ??= startHome(config.dir).catch(error => ((home = undefined), Promise.reject(error))))
  let closed = false
  return {
    config,
    client(name) {
      if (closed) return Promise.reject(new LabError('LAB_CLOSED', 'lab: it was closed already. Open it again with openLab().'))
      let client = clients.get(name)
      if (!client) {
        client = name === 'kafka' ? makeKafka(config.kafka, atHome) : makeAws(name, config, atHome)
        client.catch(() => clients.delete(name))
        clients.set(name, client)
      }
      return client
    },
    async close() {
      closed = true
      for (const client of clients.values())
        await client.then(made => (made as { destroy?(): void }).destroy?.()).catch(() => undefined)
    },
  }
}

async function makeKafka(kafka: KafkaConfig, atHome: () => Promise<HomeInfo>): Promise<unknown> {
  const { loadKafkajs } = await import('./kafkajs.ts')
  const { Kafka, logLevel } = loadKafkajs()
  const common = {
    clientId: 'tickerlake',
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 100, retries: 8, maxRetryTime: 5000 },
  }
  if (kafka.kind === 'embedded') return new Kafka({ ...common, brokers: (await atHome()).brokers })
  const { brokers, tls, caFile, servername, mechanism, user, password } = kafka
  const ssl = tls ? { ca: caFile ? [readCa(caFile)] : undefined, servername } : undefined
  const sasl = mechanism ? ({ mechanism, username: user ?? '', password: password ?? '' } as never) : undefined
  return new Kafka({ ...common, brokers, ssl, sasl })
}

function readCa(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new LabError('CONFIG', `LAB_KAFKA_CA: the file cannot be read: ${file}. Give the CA certificate's path (PEM).`, {
      cause: error,
    })
  }
}

async function makeAws(name: Exclude<ClientName, 'kafka'>, { cloud }: Config, atHome: () => Promise<HomeInfo>): Promise<unknown> {
  const options =
    cloud.kind === 'embedded'
      ? homeOptions(await atHome())
      : cloud.kind === 'endpoint'
        ? { endpoint: cloud.url, region: cloud.region }
        : {}
  // Path style: the endpoint's host name need not resolve with a bucket in front of it.
  if (name === 's3') return new (await import('@aws-sdk/client-s3')).S3({ ...options, forcePathStyle: cloud.kind !== 'aws' })
  if (name === 'glue') return new (await import('@aws-sdk/client-glue')).Glue(options)
  return new (await import('@aws-sdk/client-athena')).Athena(options)
}

function homeOptions({ endpoint, region, accessKeyId, secretAccessKey }: HomeInfo): object {
  return { endpoint, region, credentials: { accessKeyId, secretAccessKey } }
}
