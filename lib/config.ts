import { homedir } from 'node:os'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { LabError } from './errors.ts'

/** Where Kafka is: the embedded broker, or a cluster with what it wants of its clients. */
export type KafkaConfig =
  | { kind: 'embedded' }
  | {
      kind: 'cluster'
      brokers: string[]
      tls: boolean
      caFile?: string
      servername?: string
      mechanism?: SaslMechanism
      user?: string
      password?: string
    }

export type SaslMechanism = 'plain' | 'scram-sha-256' | 'scram-sha-512'

/** Where S3, Glue and Athena are. */
export type CloudConfig = { kind: 'embedded' } | { kind: 'aws' } | { kind: 'endpoint'; url: string; region: string }

export interface Config {
  kafka: KafkaConfig
  cloud: CloudConfig
  /** Folder with the embedded home's state; absolute. */
  dir: string
  topic: string
  group: string
  bucket: string
  /** Ends in `/`; its last folder is the table's name. */
  prefix: string
  table: string
  database: string
  crawler: string
  /** ARN of the role the crawler reads with. */
  crawlerRole: string
  workgroup: string
  /** `s3://…/` that query results go to. */
  results: string
}

/** The lab's root folder: where package.json and notebooks/ lie. */
export const projectRoot: string = dirname(import.meta.dirname)

/** A file a person has named counts from where they stand; npm runs scripts in the project's root and tells where that was. */
export function callersFile(path: string, env: Env = process.env): string {
  return resolve(env.INIT_CWD || process.cwd(), path)
}

const defaults = {
  LAB_KAFKA: 'embedded',
  LAB_CLOUD: 'embedded',
  LAB_DIR: '.lab',
  LAB_TOPIC: 'stock-quotes',
  LAB_GROUP: 'quotes-to-s3',
  LAB_BUCKET: 'tickerlake',
  LAB_PREFIX: 'quotes/',
  LAB_DATABASE: 'realtime_de_db',
  LAB_CRAWLER: 'quotes-crawler',
  LAB_CRAWLER_ROLE: 'arn:aws:iam::000000000000:role/quotes-crawler',
  LAB_WORKGROUP: 'primary',
} as const

type Env = Record<string, string | undefined>

/** Folders below a bucket, each ending in `/`. */
export const prefixPattern: RegExp = /^([A-Za-z0-9_=.-]+\/)+$/

/** Reads the switches (README, "Two switches"). Throws `LabError` CONFIG that says which variable, what was expected, what came. */
export function loadConfig(env: Env = process.env): Config {
  const read = (name: keyof typeof defaults): string => env[name]?.trim() || defaults[name]
  const cloud = readCloud(env)
  const bucket = match(
    'LAB_BUCKET',
    read('LAB_BUCKET'),
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
    '3 to 63 of a-z, 0-9, "." and "-", as S3 allows',
  )
  const prefix = match('LAB_PREFIX', read('LAB_PREFIX'), prefixPattern, 'folders, each ending in "/", such as quotes/')
  const results = match(
    'LAB_RESULTS',
    env.LAB_RESULTS?.trim() || `s3://${bucket}/results/`,
    /^s3:\/\/[a-z0-9.-]+\/(.+\/)?$/,
    's3://bucket/folder/',
  )
  if (results.startsWith(`s3://${bucket}/${prefix}`)) {
    throw wrong('LAB_RESULTS', results, `a place outside of s3://${bucket}/${prefix}: a crawler would make tables of the results`)
  }
  if (cloud.kind === 'aws')
    for (const name of ['LAB_BUCKET', 'LAB_CRAWLER_ROLE'] as const)
      if (!env[name]) throw wrong(name, '', 'a value of your own, because LAB_CLOUD is aws')
  return {
    kafka: readKafka(env),
    cloud,
    dir: absolute(read('LAB_DIR')),
    topic: match(
      'LAB_TOPIC',
      read('LAB_TOPIC'),
      /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,245}$/,
      'up to 245 of a-z, A-Z, 0-9, ".", "_" and "-", as Kafka allows',
    ),
    group: match('LAB_GROUP', read('LAB_GROUP'), /^\S{1,255}$/, 'a name without blanks'),
    bucket,
    prefix,
    table: tableName(prefix),
    database: match('LAB_DATABASE', read('LAB_DATABASE'), /^[a-z0-9_]{1,255}$/, 'a-z, 0-9 and "_"'),
    crawler: match('LAB_CRAWLER', read('LAB_CRAWLER'), /^[^\s/]{1,255}$/, 'a name without blanks'),
    crawlerRole: match(
      'LAB_CRAWLER_ROLE',
      read('LAB_CRAWLER_ROLE'),
      /^(arn:aws[a-z-]*:iam::\d{12}:role\/)?[\w+=,.@/-]+$/,
      'a role ARN',
    ),
    workgroup: match(
      'LAB_WORKGROUP',
      read('LAB_WORKGROUP'),
      /^[A-Za-z0-9._-]{1,128}$/,
      'up to 128 of a-z, A-Z, 0-9, ".", "_" and "-"',
    ),
    results,
  }
}

/** The name a crawler gives the table of a prefix: its last folder, lower case, everything but letters and digits as `_`. */
export function tableName(prefix: string): string {
  return (prefix.split('/').at(-2) ?? prefix).toLowerCase().replace(/[^a-z0-9_]/g, '_')
}

function readCloud(env: Env): CloudConfig {
  const value = env.LAB_CLOUD?.trim() || defaults.LAB_CLOUD
  if (value === 'embedded') return { kind: 'embedded' }
  if (value === 'aws') {
    if (env.AWS_ENDPOINT_URL)
      throw new LabError(
        'CONFIG',
        `LAB_CLOUD: is aws while AWS_ENDPOINT_URL is ${env.AWS_ENDPOINT_URL}, so it would not be AWS. Unset AWS_ENDPOINT_URL, or set LAB_CLOUD to that address.`,
      )
    return { kind: 'aws' }
  }
  if (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol))
    return { kind: 'endpoint', url: value, region: env.AWS_REGION || env.AWS_DEFAULT_REGION || 'us-east-1' }
  throw wrong('LAB_CLOUD', value, 'embedded, aws, or the address of an AWS-alike such as http://127.0.0.1:4566')
}

function readKafka(env: Env): KafkaConfig {
  const value = env.LAB_KAFKA?.trim() || defaults.LAB_KAFKA
  if (value === 'embedded') return { kind: 'embedded' }
  const brokers = value.split(',').map(broker => broker.trim())
  for (const broker of brokers) {
    const port = Number(/^[^\s:/]+:(\d{1,5})$|^\[[0-9a-fA-F:]+\]:(\d{1,5})$/.exec(broker)?.slice(1).find(Boolean))
    if (!(port >= 1 && port <= 65535)) throw wrong('LAB_KAFKA', value, 'embedded, or host:port[,host:port]')
    if (port === 2181) throw wrong('LAB_KAFKA', value, "a broker's address (port 9092); 2181 is ZooKeeper's")
  }
  const mechanism = env.LAB_KAFKA_MECHANISM?.trim().toLowerCase() || (env.LAB_KAFKA_USER ? 'scram-sha-512' : undefined)
  if (mechanism !== undefined && !['plain', 'scram-sha-256', 'scram-sha-512'].includes(mechanism))
    throw wrong('LAB_KAFKA_MECHANISM', mechanism, 'plain, scram-sha-256 or scram-sha-512')
  if (mechanism && !env.LAB_KAFKA_USER)
    throw wrong('LAB_KAFKA_USER', '', `a user name, because LAB_KAFKA_MECHANISM is ${mechanism}`)
  if (mechanism && !env.LAB_KAFKA_PASSWORD)
    throw new LabError('CONFIG', 'LAB_KAFKA_PASSWORD: is missing while LAB_KAFKA_USER is set. Set it (its value is never shown).')
  return {
    kind: 'cluster',
    brokers,
    tls: readFlag('LAB_KAFKA_TLS', env.LAB_KAFKA_TLS) || Boolean(env.LAB_KAFKA_CA),
    caFile: env.LAB_KAFKA_CA ? absolute(env.LAB_KAFKA_CA) : undefined,
    servername: env.LAB_KAFKA_SERVERNAME || undefined,
    mechanism: mechanism as SaslMechanism | undefined,
    user: env.LAB_KAFKA_USER || undefined,
    password: env.LAB_KAFKA_PASSWORD || undefined,
  }
}

function readFlag(name: string, value = ''): boolean {
  const text = value.trim().toLowerCase()
  if (['', '0', 'false', 'no'].includes(text)) return false
  if (['1', 'true', 'yes'].includes(text)) return true
  throw wrong(name, value, 'true or false')
}

/** Paths count from the project's root, wherever one starts from. */
function absolute(path: string): string {
  if (path === '~' || path.startsWith('~/')) return join(homedir(), path.slice(1))
  return isAbsolute(path) ? path : resolve(projectRoot, path)
}

function match(name: string, value: string, pattern: RegExp, expected: string): string {
  if (!pattern.test(value)) throw wrong(name, value, expected)
  return value
}

function wrong(name: string, value: string, expected: string): LabError {
  return new LabError(
    'CONFIG',
    `${name}: expected ${expected}, got ${value === '' ? 'nothing' : JSON.stringify(value)}. Set or unset ${name} and try again.`,
  )
}
