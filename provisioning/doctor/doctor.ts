import { join } from 'node:path'
import { type Config, loadConfig, projectRoot } from '../../lib/config.ts'
import { findHome, type HomeInfo } from '../../lib/home.ts'
import { openLab } from '../../lib/lab.ts'
import { keyFile } from '../aws/01-key-pair.ts'
import { awsDir, readState } from '../aws/state.ts'
import { openHost } from '../host/ssh.ts'
import { type AwsOutside, examineAws } from './aws.ts'
import { type BucketView, examineBucket } from './bucket.ts'
import { examineCatalog } from './catalog.ts'
import { cloudProblem } from './cloud.ts'
import { count, type Finding, isWrong, looking, skipped } from './finding.ts'
import { examineHost } from './host.ts'
import { examineKafka, type Watch } from './kafka.ts'
import { examineMachine } from './machine.ts'
import { examineQuery } from './query.ts'

/** The families of checks, in the order in which they are made. */
export const families = ['machine', 'kafka', 'host', 'bucket', 'catalog', 'query', 'aws'] as const
export type Family = (typeof families)[number]

/** What a person may say to `tickerlake doctor`. */
export interface DoctorOptions {
  /** Only these; all when empty. */
  only?: readonly Family[]
  json?: boolean
  /** Also ask whether Kafka can still be downloaded. */
  downloads?: boolean
  releases?: string
  /** A Kafka host to look at over ssh, `user@address`; the one of `aws up` when not given. */
  host?: string
  key?: string
  sshConfig?: string
  /** For tests. */
  watch?: Partial<Watch>
  outside?: AwsOutside
  root?: string
  ports?: readonly number[]
}

export type Report = Record<Family, Finding[]>

/** Looks at everything that can be looked at of the homes the two switches name; changes nothing. What is behind something broken is skipped. */
export async function examine(config: Config, options: DoctorOptions = {}): Promise<Report> {
  const wanted = new Set(options.only?.length ? options.only : families)
  const needsHome = config.kafka.kind === 'embedded' || config.cloud.kind === 'embedded'
  const home = needsHome ? await findHome(config.dir) : undefined
  const report = Object.fromEntries(families.map(family => [family, [] as Finding[]])) as Report
  const ask = async (family: Family, look: () => Promise<Finding[]>): Promise<void> => {
    if (wanted.has(family)) report[family] = await looking(family, look)
  }
  const place = { dir: config.dir, needsHome, home, downloads: options.downloads ?? false, platform: process.platform }
  await ask('machine', () =>
    examineMachine({
      ...place,
      root: options.root ?? projectRoot,
      ports: options.ports ?? [9092, 4566],
      ...(options.releases && { releases: options.releases }),
    }),
  )
  await ask('kafka', () => kafkaFindings(config, home, options))
  await ask('host', () => hostFindings(config, options))
  await lookAtLake(config, home, report, ask)
  await ask('aws', () => examineAws(config, options.outside))
  return report
}

const homeIsDown = (what: string): Finding[] => [skipped(`${what}: the embedded home does not run`)]

async function kafkaFindings(config: Config, home: HomeInfo | undefined, { watch }: DoctorOptions): Promise<Finding[]> {
  if (config.kafka.kind === 'cluster') return examineKafka(config.kafka, config, watch)
  return home ? examineKafka({ kind: 'cluster', brokers: home.brokers, tls: false }, config, watch) : homeIsDown('Kafka')
}

type Ask = (family: Family, look: () => Promise<Finding[]>) => Promise<void>

/** Bucket, catalog and queries: each looks at what the one before has seen. */
async function lookAtLake(config: Config, home: HomeInfo | undefined, report: Report, ask: Ask): Promise<void> {
  const problem =
    config.cloud.kind === 'embedded' && !home ? homeIsDown('bucket, catalog and queries') : await cloudProblem(config)
  if (problem) {
    await ask('bucket', async () => [problem].flat())
    return
  }
  const lab = openLab(config)
  try {
    const hasRecords = report.kafka.some(({ symptom }) => / has no records yet$|^there is no topic /.test(symptom))
      ? false
      : undefined
    const bucket: BucketView = await examineBucket(lab, hasRecords)
    await ask('bucket', async () => bucket.findings)
    const broken = bucket.isReadable ? undefined : bucket.findings.find(({ state }) => state !== 'ok')
    const catalog = broken
      ? { tables: [], findings: [skipped(`catalog: the bucket first (${broken.symptom})`)] }
      : await examineCatalog(lab, bucket)
    await ask('catalog', async () => catalog.findings)
    await ask('query', () => examineQuery(lab, catalog.tables))
  } finally {
    await lab.close()
  }
}

/** The host that was named, or the one that `aws up` made. */
async function hostFindings(config: Config, { host, key, sshConfig }: DoctorOptions): Promise<Finding[]> {
  const dir = awsDir(config.dir)
  const { address, instanceId } = readState(dir, () => {})
  if (!host && !address) return [skipped('Kafka host: none is known; name one with --host user@address --key FILE')]
  const [user, name] = host ? splitTarget(host) : ['ec2-user', address!]
  const target = {
    host: name,
    user,
    knownHosts: join(host ? join(config.dir, 'host') : dir, 'known_hosts'),
    ...((key ?? (host ? undefined : keyFile(dir))) && { keyFile: key ?? keyFile(dir) }),
    ...(sshConfig && { configFile: sshConfig }),
    ...(!host && instanceId && { alias: instanceId }),
  }
  const open = openHost(target)
  try {
    return await examineHost({ host: open, kraft: false, viaConfig: Boolean(sshConfig) })
  } finally {
    await open.close()
  }
}

function splitTarget(target: string): [user: string, address: string] {
  const at = target.lastIndexOf('@')
  return at < 0 ? ['ec2-user', target] : [target.slice(0, at), target.slice(at + 1)]
}

/** `tickerlake doctor`: says what it saw, and for what is wrong the cause and the cure. Answers true when all is well. */
export async function doctor(options: DoctorOptions = {}, say: (line: string) => void = console.log): Promise<boolean> {
  const report = await examine(loadConfig(), options)
  const all = families.flatMap(family => report[family].map(finding => ({ family, ...finding })))
  const wrongs = all.filter(isWrong).length
  if (options.json) {
    say(JSON.stringify({ ok: wrongs === 0, findings: all }, null, 2))
    return wrongs === 0
  }
  const width = Math.max(...families.map(family => family.length))
  const marks = { ok: 'ok  ', wrong: 'BAD ', skipped: '-   ' }
  for (const { family, state, symptom, cause, fix } of all) {
    say(`${marks[state]} ${family.padEnd(width)} ${symptom}`)
    if (state === 'wrong') say(`${' '.repeat(width + 6)}why: ${cause}\n${' '.repeat(width + 6)}do:  ${fix}`)
  }
  const looked = all.filter(({ state }) => state !== 'skipped').length
  const well = looked > 0 ? `All is well: ${count(looked, 'thing')} looked at.` : 'Nothing was looked at.'
  say(wrongs > 0 ? `${count(wrongs, 'problem')} found.` : well)
  return wrongs === 0
}
