import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { loadConfig } from '../../lib/config.ts'
import { writeWhole } from '../kafka/files.ts'
import { advertisedAddress } from './09-broker.ts'
import { type HostContext, labKafka } from './context.ts'
import { type HostOptions, openContext } from './open-context.ts'
import { lookAtHost, preflight } from './preflight.ts'
import { quote } from './script.ts'
import { hostStatus } from './status.ts'
import { runSteps, type StepCounts } from './step.ts'
import { hostSteps } from './steps.ts'

/** `kafka host up`: all steps on a host, then the settings to source. Run again it changes nothing. */
export async function setUpHost(options: HostOptions & { dryRun: boolean }, say = console.log): Promise<StepCounts> {
  const context = await openContext(options)
  try {
    const warning = await preflight(context)
    if (warning) say(warning)
    say(options.secure ? secureMeans : options.kraft ? kraftMeans : plainMeans)
    const began = performance.now()
    const counts = await runSteps(hostSteps, context, { dryRun: options.dryRun, say })
    const seconds = ((performance.now() - began) / 1000).toFixed(1)
    say(
      `${counts.changed} ${options.dryRun ? 'would change' : 'changed'}, ${counts.ok} ok, ${counts.skipped} skipped in ${seconds} s`,
    )
    if (options.dryRun) return counts
    for (const line of (await hostStatus(context)).lines) say(line)
    say(`use it: source ${quote(await writeSettings(context, options))}`)
    return counts
  } finally {
    await context.host.close()
  }
}

/** `kafka host status`: state, memory and disk of the host in words. Answers true when all is well. */
export async function showHost(options: HostOptions, say = console.log): Promise<boolean> {
  // nothing is opened to anybody by looking
  const context = await openContext({ ...options, firewalled: true })
  try {
    const { kind, secure } = await lookAtHost(context.host)
    if (secure === undefined) {
      say('no Kafka is set up on this host; set it up: npx tickerlake kafka host up')
      return false
    }
    // as the host is, whatever was asked for: its settings of yesterday must not be written over by those of another mode
    Object.assign(context, { secure, kraft: kind === 'kraft' })
    const { lines, healthy } = await hostStatus(context)
    for (const line of lines) say(line)
    if (existsSync(context.caFile) || !context.secure) await writeSettings(context, options)
    return healthy
  } finally {
    await context.host.close()
  }
}

/** The shell lines that make the lab use this host; with a password where it is secure. */
export function settingsLines(context: HostContext, address: string): Record<string, string> {
  const kafka = labKafka(context, address)
  if (kafka.kind !== 'cluster') return {}
  return {
    LAB_KAFKA: kafka.brokers.join(','),
    ...(kafka.tls && { LAB_KAFKA_TLS: 'true', LAB_KAFKA_CA: kafka.caFile ?? '', LAB_KAFKA_SERVERNAME: kafka.servername ?? '' }),
    ...(kafka.mechanism && {
      LAB_KAFKA_MECHANISM: kafka.mechanism,
      LAB_KAFKA_USER: kafka.user ?? '',
      LAB_KAFKA_PASSWORD: kafka.password ?? '',
    }),
  }
}

/** `export NAME='value'` lines for a file of mode 600 that a shell sources. */
export const exportLines = (settings: Record<string, string>): string =>
  Object.entries(settings)
    .map(([name, value]) => `export ${name}='${value.replaceAll("'", "'\\''")}'\n`)
    .join('')

async function writeSettings(context: HostContext, options: HostOptions): Promise<string> {
  const file = join(options.dir ?? join(loadConfig().dir, 'host'), 'kafka.env')
  writeWhole(file, exportLines(settingsLines(context, await advertisedAddress(context))), 0o600)
  return file
}

const plainMeans =
  'plain: nothing is encrypted and nobody is asked for a name; the only protection is the network (a private address, or a firewall that lets one address in)'
const kraftMeans = `KRaft, ${plainMeans}`
const secureMeans = `secure, and what protects what:
  TLS               nobody on the way reads or changes messages and passwords, and the host proves its name (kafka.lab)
  SASL/SCRAM        only who knows a password gets in; it never crosses the wire, not even encrypted
  ACLs              user lab reaches the lab's topics and group and lesson-*, nothing else; admin everything
  not protected     what lies on the host's disk, and ZooKeeper against other users of the host (loopback only)`
