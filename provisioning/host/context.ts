import type { KafkaConfig } from '../../lib/config.ts'
import type { KafkaAccess } from '../kafka/client.ts'
import type { Release } from '../kafka/releases.ts'
import type { Host } from './ssh.ts'

/** What every step of a Kafka host knows. */
export interface HostContext {
  host: Host
  /** Where ssh finds it: what the broker tells its clients where there is no metadata service. */
  address: string
  release: Release
  /** SASL/SCRAM with TLS and ACLs; otherwise plain, for one caller or a private network. */
  secure: boolean
  /** Without ZooKeeper. */
  kraft: boolean
  secrets: HostSecrets
  /** Where the certificate authority's certificate is kept on the caller's side. */
  caFile: string
  /** The lab's topic; its dead letters go to `<topic>.dlq`. */
  topic: string
  group: string
}

/** Passwords of the two Kafka users: admin may do everything, lab what the notebooks need. */
export interface HostSecrets {
  adminPassword: string
  labPassword: string
}

/** The name in the broker's certificate: clients check it instead of the address, so a new address needs no new certificate. */
export const serverName = 'kafka.lab'

export const kafkaPort = 9092

/** How this machine reaches the host's Kafka as one of its users. */
export function accessAs(user: 'admin' | 'lab', context: HostContext, address: string, ca: string): KafkaAccess {
  const brokers = [`${address}:${kafkaPort}`]
  if (!context.secure) return { brokers }
  const password = user === 'admin' ? context.secrets.adminPassword : context.secrets.labPassword
  return { brokers, tls: { ca, servername: serverName }, user: { username: user, password, mechanism: 'scram-sha-512' } }
}

/** The lab's own settings for this host (LAB_KAFKA and its companions), as its user lab. */
export function labKafka(context: HostContext, address: string): KafkaConfig {
  const cluster = { kind: 'cluster' as const, brokers: [`${address}:${kafkaPort}`] }
  if (!context.secure) return { ...cluster, tls: false }
  const login = { mechanism: 'scram-sha-512', user: 'lab', password: context.secrets.labPassword } as const
  return { ...cluster, tls: true, caFile: context.caFile, servername: serverName, ...login }
}
