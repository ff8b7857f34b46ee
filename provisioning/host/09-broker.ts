import { readFileSync } from 'node:fs'
import { errorMessage, LabError } from '../../lib/errors.ts'
import { waitFor } from '../../lib/wait.ts'
import { describeBrokers, type KafkaAccess, waitForTopics } from '../kafka/client.ts'
import { newClusterId } from '../kafka/cluster.ts'
import { brokerProperties, encodeProperties, log4j, type Properties, zookeeperClient } from '../kafka/properties.ts'
import { accessAs, type HostContext, kafkaPort } from './context.ts'
import { fileDiffers, type RemoteFile, startUnit, unitDiffers, writeFiles } from './files.ts'
import { runAlone } from './run-alone.ts'
import type { Step } from './step.ts'
import { environment, kafkaUnit, waitForZooKeeper } from './units.ts'

const unit = 'lab-kafka'

/** The broker as a systemd unit; done when it answers this machine under its public address. */
export const broker: Step<HostContext> = {
  title: 'Kafka broker',
  async check(context) {
    const differs = [...(await fileDiffers(context.host, await files(context))), ...(await unitDiffers(context.host, unit))]
    return differs.length ? differs : answersInTime(context)
  },
  async apply(context) {
    const { host, kraft } = context
    await writeFiles(host, await files(context))
    if (kraft) await formatDisk(context)
    await startUnit(host, unit)
    await waitFor('an answer of the broker', async () => (await answers(context)).length === 0, {
      timeoutMs: 150_000,
      intervalMs: 250,
    }).catch(async (error: unknown) => {
      const [why] = await answers(context)
      const journal = await host.run`journalctl -u lab-kafka -n 15 --no-pager -o cat; free -m; df -h /var/lib/kafka`
      throw new LabError('BROKER', `Kafka: ${why ?? errorMessage(error)}. What the host says:\n${journal}`, { cause: error })
    })
    await waitForTopics(await adminAccess(context), async () => (await host.run`ls /var/lib/kafka`).split('\n'))
  },
}

/** One late answer on a busy machine is no reason to change anything. */
async function answersInTime(context: HostContext): Promise<string[]> {
  let problems = await answers(context)
  for (let tries = 0; problems.length && tries < 2; tries++) problems = await answers(context)
  return problems
}

async function answers(context: HostContext): Promise<string[]> {
  try {
    const address = await advertisedAddress(context)
    const brokers = await describeBrokers(await adminAccess(context))
    return brokers.includes(`${address}:${kafkaPort}`)
      ? []
      : [`${address}:${kafkaPort} answers, but names ${brokers.join(', ') || 'no broker'}`]
  } catch (error) {
    return [`no answer on port ${kafkaPort} (${errorMessage(error)})`]
  }
}

async function adminAccess(context: HostContext): Promise<KafkaAccess> {
  const ca = context.secure ? readFileSync(context.caFile, 'utf8') : ''
  return accessAs('admin', context, await advertisedAddress(context), ca)
}

/** The address the broker tells its clients, as the host found it at its last boot. Throws before there is one. */
export async function advertisedAddress({ host }: Pick<HostContext, 'host'>): Promise<string> {
  const address = await host.run`[ ! -e /run/lab-kafka.env ] || { . /run/lab-kafka.env; echo "$PUBLIC_ADDRESS"; }`
  // without an address clients would ask the Kafka of this machine
  if (!address) throw new LabError('BROKER', 'Kafka host: it does not know its address yet')
  return address
}

async function files(context: HostContext): Promise<RemoteFile[]> {
  // its parent on a bare host, where a dry run looks too
  const diskMiB = Number(
    await context.host.run`dir=/var/lib/kafka; [ -d "$dir" ] || dir=/var/lib; df --output=size -m "$dir" | tail -1`,
  )
  const secret = { mode: 640, owner: 'root:kafka', restarts: unit }
  return [
    { path: '/etc/lab/log4j.properties', content: log4j, mode: 644, restarts: unit },
    { path: '/etc/lab/server.properties', content: encodeProperties(settings(context, diskMiB)), ...secret },
    {
      path: '/etc/lab/kafka.env',
      content: environment({ heap: '-Xmx256M -Xms128M', name: 'kafkaServer' }),
      mode: 644,
      restarts: unit,
    },
    { path: '/etc/lab/wait-for-zookeeper', content: waitForZooKeeper, mode: 644 },
    { path: '/etc/systemd/system/lab-kafka.service', content: kafkaUnit(context.kraft), mode: 644, restarts: unit },
  ]
}

/** How many full partitions must fit into half of the disk: the lab's topic and its dead letters, Kafka's own two, and those of seven lessons' topics. */
export const partitionsThatFit = 30

/** The broker's whole configuration for a disk of this size. */
export function settings(context: Pick<HostContext, 'secure' | 'kraft' | 'secrets'>, diskMiB: number): Properties {
  // deletion works by whole segments, each a quarter of this at most: one more than retention may be there
  const retentionBytes = Math.min(1024, Math.max(4, Math.floor(diskMiB / 2 / partitionsThatFit / 1.25))) * 1048576
  return {
    ...(context.kraft ? kraftRoles : { 'broker.id': 0, ...zookeeperClient() }),
    ...brokerProperties({ dataDir: '/var/lib/kafka', brokers: 1 }),
    'log.retention.bytes': retentionBytes,
    'log.segment.bytes': Math.min(67108864, retentionBytes / 4),
    'log.retention.check.interval.ms': 60000,
    ...listeners(context.kraft),
    'listener.security.protocol.map': `${context.secure ? 'EXTERNAL:SASL_SSL,INTERNAL:SASL_PLAINTEXT' : 'EXTERNAL:PLAINTEXT,INTERNAL:PLAINTEXT'}${context.kraft ? ',CONTROLLER:PLAINTEXT' : ''}`,
    ...(context.secure && security(context.secrets.adminPassword)),
  }
}

// the second listener: on EC2 the broker cannot reach itself through its public address, the security group lets only the caller in
const listeners = (kraft: boolean): Properties => ({
  listeners: `EXTERNAL://0.0.0.0:${kafkaPort},INTERNAL://127.0.0.1:9094${kraft ? ',CONTROLLER://127.0.0.1:9093' : ''}`,
  // the unit overrides it at every start; without it KRaft's format refuses 0.0.0.0
  'advertised.listeners': `EXTERNAL://localhost:${kafkaPort},INTERNAL://127.0.0.1:9094`,
  'inter.broker.listener.name': 'INTERNAL',
})

const kraftRoles: Properties = {
  'process.roles': 'broker,controller',
  'node.id': 1,
  'controller.quorum.voters': '1@127.0.0.1:9093',
  'controller.listener.names': 'CONTROLLER',
  'broker.session.timeout.ms': 4000,
  'broker.heartbeat.interval.ms': 1000,
}

const scramLogin = 'org.apache.kafka.common.security.scram.ScramLoginModule required'
const security = (adminPassword: string): Properties => ({
  'sasl.enabled.mechanisms': 'SCRAM-SHA-512',
  'sasl.mechanism.inter.broker.protocol': 'SCRAM-SHA-512',
  'listener.name.internal.scram-sha-512.sasl.jaas.config': `${scramLogin} username="admin" password="${adminPassword.replace(/["\\]/g, c => `\\${c}`)}";`,
  'listener.name.external.scram-sha-512.sasl.jaas.config': `${scramLogin};`,
  'ssl.keystore.type': 'PEM',
  'ssl.keystore.location': '/etc/lab/tls/server.pem',
  'authorizer.class.name': 'kafka.security.authorizer.AclAuthorizer',
  'super.users': 'User:admin',
  'allow.everyone.if.no.acl.found': 'false',
})

async function formatDisk({ host }: HostContext): Promise<void> {
  await host.run`cd /var/lib/kafka
    [ -f meta.properties ] || {
      kept=$(ls -d *-[0-9] *-[0-9][0-9] 2>/dev/null | grep -v '^__cluster_metadata-0$' | head -3 | tr '\n' ' ' || true)
      if [ -n "$kept" ]; then
        echo "/var/lib/kafka has topics ($kept) and no meta.properties, which says whose they are: bring that file back, or delete the folder's content" >&2
        exit 1
      fi
      find /var/lib/kafka -mindepth 1 -delete
      cd /; KAFKA_HEAP_OPTS=-Xmx96M LOG_DIR=/var/log/kafka runuser -u kafka -- /opt/kafka/bin/kafka-storage.sh format -t ${newClusterId()} -c /etc/lab/server.properties
    }`
}

if (import.meta.main) runAlone(broker)
