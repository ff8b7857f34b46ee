import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { callersFile, loadConfig } from '../../lib/config.ts'
import { LabError } from '../../lib/errors.ts'
import { writeWhole } from '../kafka/files.ts'
import { readRelease } from '../kafka/releases.ts'
import type { HostContext, HostSecrets } from './context.ts'
import { openHost, sshAddress } from './ssh.ts'

/** What a person says about a host; the same for all steps. */
export interface HostOptions {
  /** `user@address`, or an address (user ec2-user). */
  host: string
  /** Private key for ssh. */
  key?: string
  sshConfig?: string
  /** Name for the host's key, where the address changes. */
  alias?: string
  secure: boolean
  kraft: boolean
  /** A firewall in front lets only the caller in, so plain is fine on a public address. */
  firewalled: boolean
  version?: string
  releases?: string
  /** Write nothing, here neither: not even passwords and the host's key. */
  dryRun?: boolean
  /** Folder for what belongs to this host; default `LAB_DIR/host`. */
  dir?: string
}

/** Opens the host and reads or makes its secrets. Close `context.host` when done. */
export async function openContext(options: HostOptions): Promise<HostContext> {
  const [user, host] = splitTarget(options.host)
  const configFile = options.sshConfig && callersFile(options.sshConfig)
  const address = sshAddress({ host, user, ...(configFile && { configFile }) })
  if (options.secure && options.kraft)
    throw new LabError(
      'HOST',
      'Kafka host: --secure and --kraft do not go together here. KRaft is for plain mode; leave one away.',
    )
  if (!options.secure && !options.firewalled && !isPrivateAddress(address)) {
    throw new LabError(
      'HOST',
      `Kafka host: plain mode on ${address} would let everybody in who reaches port 9092. Use --secure; or, when a firewall lets only your own address in, say --firewalled.`,
    )
  }
  const config = loadConfig()
  const dir = options.dir ?? join(config.dir, 'host')
  const release = await readRelease(options.version, options.releases && callersFile(options.releases))
  if (!options.dryRun) mkdirSync(dir, { recursive: true, mode: 0o700 })
  const secrets = readSecrets(join(dir, 'secrets.json'), options.dryRun)
  return {
    host: openHost({
      host,
      user,
      knownHosts: join(dir, 'known_hosts'),
      ...(options.key && { keyFile: callersFile(options.key) }),
      ...(options.alias && { alias: options.alias }),
      ...(configFile && { configFile }),
      ...(options.dryRun && { dryRun: true }),
    }),
    address,
    release,
    secure: options.secure,
    kraft: options.kraft,
    secrets,
    caFile: join(dir, 'ca.pem'),
    topic: config.topic,
    group: config.group,
  }
}

function splitTarget(target: string): [user: string, address: string] {
  const at = target.lastIndexOf('@')
  return at < 0 ? ['ec2-user', target] : [target.slice(0, at), target.slice(at + 1)]
}

/** RFC 1918, loopback and link-local, CGNAT, and their IPv6 kin: not reachable from the internet. Names count as public. */
export function isPrivateAddress(address: string): boolean {
  const octets = /^(\d{1,3})\.(\d{1,3})\.\d{1,3}\.\d{1,3}$/.exec(address)
  if (!octets) return address === 'localhost' || /^(::1$|f[cd][0-9a-f]{2}:|fe80:)/i.test(address)
  const [a, b] = [Number(octets[1]), Number(octets[2])]
  return (
    a === 10 ||
    a === 127 ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && b === 168) ||
    (a === 169 && b === 254) ||
    (a === 100 && b >= 64 && b < 128)
  )
}

// what a password may hold: everything but control characters, which kafka-configs cannot read
const password = z.string().regex(/^[^\p{Cc}]+$/u, 'expected a password without line ends and control characters')
const secretsSchema = z.object({ adminPassword: password, labPassword: password })

/** The passwords of Kafka's users: made once, kept in a file only its owner reads (in a dry run not even made). */
export function readSecrets(file: string, dryRun = false): HostSecrets {
  const random = (): string => randomBytes(24).toString('base64url')
  if (!existsSync(file)) {
    const made = { adminPassword: random(), labPassword: random() }
    if (!dryRun) writeWhole(file, JSON.stringify(made), 0o600)
    return made
  }
  if (!dryRun) chmodSync(file, 0o600)
  const parsed = secretsSchema.safeParse(parseJson(readFileSync(file, 'utf8')))
  if (!parsed.success)
    throw new LabError(
      'HOST',
      `${file} does not hold the passwords: ${z.prettifyError(parsed.error)}\nCorrect it, or delete it for new ones.`,
    )
  return parsed.data
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // said without the text: it may hold a password
  }
}
