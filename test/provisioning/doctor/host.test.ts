import { chmodSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { LabError } from '../../../lib/errors.ts'
import { examineHost, parseFacts } from '../../../provisioning/doctor/host.ts'
import type { Host } from '../../../provisioning/host/ssh.ts'
import { temporaryFolder } from '../../helpers/folder.ts'
import { wrongs } from './look.ts'

const healthy = {
  system: 'Amazon Linux 2023',
  packages: '/usr/bin/dnf',
  java: 'openjdk version "17.0.13" 2024-10-15 LTS',
  version: '3.9.2',
  kraft: '',
  memory: '950',
  swap: '1024',
  heaps: '-Xmx256M -Xmx128M',
  free: '5000',
  kafka: 'active',
  zookeeper: 'active',
  'zookeeper.restarts': '0',

  'kafka.restarts': '0',
  log: 'INFO [KafkaServer id=0] started (kafka.server.KafkaServer)',
}

/** A host whose facts are these; both ports lead to a server that listens. */
async function wrongWith(change: Partial<typeof healthy> = {}, run?: () => Promise<string>): Promise<string[]> {
  const server = createServer(socket => void socket.on('error', () => {}))
  onTestFinished(() => void server.close())
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return wrongs(await examineHost({ host: fakeHost(change, run), kraft: false, sshPort: port, kafkaPort: port }))
}

function fakeHost(change: Partial<typeof healthy>, run?: () => Promise<string>, keyFile?: string): Host {
  const text = Object.entries({ ...healthy, ...change })
    .map(([name, value]) => `${name}=${value}`)
    .join('\n')
  return {
    target: { host: '127.0.0.1', user: 'ec2-user', knownHosts: '', ...(keyFile && { keyFile }) },
    run: run ?? (async () => text),
    close: async () => {},
  }
}

it('finds nothing wrong with a host that is well', async () => expect(await wrongWith()).toEqual([]))

it.each<[string, Partial<typeof healthy>, RegExp]>([
  ['Amazon Linux 2', { system: 'Amazon Linux 2', packages: '/usr/bin/yum' }, /neither dnf nor apt-get.*amazon-linux-extras/],
  ['no Java', { java: 'bash: java: command not found' }, /no Java on the host.*amazon-corretto/],
  ['an old Java', { java: 'openjdk version "11.0.2"' }, /Java 11 on the host.*UnsupportedClassVersionError/],
  ['Kafka 4 with ZooKeeper', { version: '4.1.2' }, /Kafka 4\.1\.2 is to run with ZooKeeper/],
  [
    'heaps that do not fit',
    { heaps: '-Xmx1G -Xmx512M', swap: '0' },
    /heaps of 1024 MiB, 512 MiB take up to 1716 MiB, but there are 950 MiB/,
  ],
  ['a full disk', { free: '20' }, /disk is full: 20 MiB free/],
  ['ZooKeeper down', { zookeeper: 'failed' }, /zookeeper is failed on the host.*journalctl/],
  ['the kernel at work', { log: 'Out of memory: Killed process 812 (java)' }, /Killed process 812.*heaps are too large/],
  ['a lost cluster id', { log: 'x\nkafka.common.InconsistentClusterIdException: The Cluster ID' }, /ZooKeeper's data were lost/],
  ['a data folder in /tmp', { log: 'java.nio.file.NoSuchFileException: /tmp/kafka-logs/x' }, /something cleaned \/tmp/],
])('finds %s', async (_, change, words) => expect(await wrongWith(change)).toEqual([expect.stringMatching(words)]))

it('forgets troubles from before the last good start', async () =>
  expect(await wrongWith({ log: `NodeExistsException\n${healthy.log}` })).toEqual([]))

it('says what ssh says', async () => {
  const refused = async (): Promise<string> => {
    throw new LabError('SSH', 'ec2-user@127.0.0.1: Permission denied (publickey).\nThe key or the user is not right.')
  }
  expect(await wrongWith({}, refused)).toEqual([
    expect.stringMatching(/Permission denied.*key or the user is not right.*ubuntu on Ubuntu/),
  ])
})

it('tells a host without ssh from one that nothing reaches', async () => {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  const found = await examineHost({ host: fakeHost({}), kraft: false, sshPort: port, kafkaPort: port })
  expect(wrongs(found)[0]).toMatch(/port \d+ \(ssh\): refused\. the host answers/)
})

it('looks at the key before ssh refuses it', async () => {
  const file = join(temporaryFolder(), 'key')
  writeFileSync(file, 'x', { mode: 0o600 })
  chmodSync(file, 0o644)
  expect(wrongs(await examineHost({ host: fakeHost({}, undefined, file), kraft: false }))).toEqual([
    expect.stringContaining('UNPROTECTED PRIVATE KEY FILE'),
  ])
  expect(wrongs(await examineHost({ host: fakeHost({}, undefined, `${file}.none`), kraft: false }))).toEqual([
    expect.stringContaining('there is no such key'),
  ])
})

it('reads facts, the log with all its lines last', () =>
  expect(parseFacts('a=1\nb=x=y\nlog=one\ntwo=2')).toEqual({ a: '1', b: 'x=y', log: 'one\ntwo=2' }))
