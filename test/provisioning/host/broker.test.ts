import { expect, it } from 'vitest'
import { partitionsThatFit, settings } from '../../../provisioning/host/09-broker.ts'
import { rights } from '../../../provisioning/host/10-access.ts'
import { kafkaUnit, publicAddressScript, zookeeperUnit } from '../../../provisioning/host/units.ts'
import { execFileSync } from 'node:child_process'

const secrets = { adminPassword: 'admin-secret', labPassword: 'lab-secret' }
const plain = { secure: false, kraft: false, secrets }

it.each([300, 1024, 8192, 100_000])('keeps the logs within half of a disk of %d MiB', diskMiB => {
  const made = settings(plain, diskMiB)
  const retention = Number(made['log.retention.bytes'])
  // deletion works by whole segments: one more than retention may be there
  const most = (retention + Number(made['log.segment.bytes'])) * partitionsThatFit
  expect(most).toBeLessThanOrEqual(Math.max(diskMiB / 2, 150) * 1048576)
  expect(retention).toBeLessThanOrEqual(1073741824)
  expect(Number(made['log.segment.bytes'])).toBeLessThanOrEqual(67108864)
})

it('opens two listeners, the inner one on loopback', () => {
  const made = settings(plain, 8192)
  expect(made.listeners).toBe('EXTERNAL://0.0.0.0:9092,INTERNAL://127.0.0.1:9094')
  expect(made['inter.broker.listener.name']).toBe('INTERNAL')
  expect(made['zookeeper.connect']).toBe('127.0.0.1:2181')
  expect(JSON.stringify(made)).not.toContain('secret')
})

it('asks for a name on both listeners when secure, and lets nobody in without a right', () => {
  const made = settings({ ...plain, secure: true }, 8192)
  expect(made['listener.security.protocol.map']).toBe('EXTERNAL:SASL_SSL,INTERNAL:SASL_PLAINTEXT')
  expect(made['allow.everyone.if.no.acl.found']).toBe('false')
  expect(made['super.users']).toBe('User:admin')
  expect(JSON.stringify(made)).not.toContain('lab-secret')
})

it("quotes a password as Kafka's login modules read it", () => {
  const made = settings({ secure: true, kraft: false, secrets: { adminPassword: 'a"b\\c; d', labPassword: 'x' } }, 8192)
  expect(made['listener.name.internal.scram-sha-512.sasl.jaas.config']).toBe(
    'org.apache.kafka.common.security.scram.ScramLoginModule required username="admin" password="a\\"b\\\\c; d";',
  )
})

it('needs no ZooKeeper with KRaft', () => {
  const made = settings({ ...plain, kraft: true }, 8192)
  expect(Object.keys(made).filter(key => key.startsWith('zookeeper'))).toEqual([])
  expect(kafkaUnit(true)).not.toContain('zookeeper')
})

it('keeps the broker when ZooKeeper crashes, and starts it after', () => {
  const unit = kafkaUnit(false)
  expect(unit).toContain('Wants=lab-zookeeper.service')
  expect(unit).not.toMatch(/Requires=.*zookeeper/)
  expect(unit).toMatch(/After=lab-zookeeper\.service lab-public-address\.service/)
  for (const text of [unit, zookeeperUnit])
    for (const line of ['Restart=always', 'SuccessExitStatus=143', 'LimitNOFILE=100000', 'StartLimitIntervalSec=0'])
      expect(text).toContain(line)
})

it('gives user lab the default names and lesson-*, nothing else', () => {
  const all = rights({ topic: 'stock-quotes', group: 'quotes-to-s3' })
  expect(new Set(all.map(({ resourceName }) => resourceName))).toEqual(
    new Set(['stock-quotes', 'stock-quotes.dlq', 'lesson-', 'quotes-to-s3']),
  )
  expect(all.every(({ principal }) => principal === 'User:lab')).toBe(true)
})

it('writes shell scripts that bash can read', () => {
  execFileSync('bash', ['-n'], { input: publicAddressScript })
})
