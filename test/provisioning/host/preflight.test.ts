import { expect, it } from 'vitest'
import type { HostContext } from '../../../provisioning/host/context.ts'
import { lookAtHost, preflight, refuseOtherKind } from '../../../provisioning/host/preflight.ts'
import type { Host } from '../../../provisioning/host/ssh.ts'
import { StubHost } from '../../helpers/test-host-stub.ts'

const look = (host: StubHost) => lookAtHost(host as unknown as Host)

const amazon2023 =
  'NAME="Amazon Linux"\nVERSION="2023"\nID="amzn"\nID_LIKE="fedora"\nVERSION_ID="2023"\nPRETTY_NAME="Amazon Linux 2023.9.20251117"\n'

it.each([
  ['Debian', 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nID=debian\n', 'debian'],
  ['Ubuntu', 'PRETTY_NAME="Ubuntu 24.04.1 LTS"\nID=ubuntu\nID_LIKE=debian\n', 'debian'],
  ['Mint', 'PRETTY_NAME="Linux Mint 22"\nID=linuxmint\nID_LIKE="ubuntu debian"\n', 'debian'],
  ['Amazon Linux 2023', amazon2023, 'amazon'],
])('knows %s', async (_, text, family) => {
  const host = new StubHost(text)
  host.stub('dnf')
  expect(await look(host)).toEqual({ family })
})

it.each([
  ['Alpine', 'PRETTY_NAME="Alpine Linux v3.20"\nID=alpine\n', 'got Alpine Linux v3.20'],
  [
    'RHEL 7',
    'PRETTY_NAME="Red Hat Enterprise Linux Server 7.9"\nID="rhel"\nID_LIKE="fedora"\n',
    'got Red Hat Enterprise Linux Server 7.9',
  ],
  [
    'Amazon Linux 2, without dnf',
    'PRETTY_NAME="Amazon Linux 2"\nID="amzn"\nID_LIKE="centos rhel fedora"\nVERSION_ID="2"\n',
    'got Amazon Linux 2',
  ],
  ['something without a name', 'ID=own\n', 'got an unknown system'],
  ['a host without os-release', '', 'got an unknown system'],
])('refuses %s before anything is changed', async (_, text, words) => {
  const refused = look(new StubHost(text))
  await expect(refused).rejects.toThrow(words)
  await expect(refused).rejects.toThrow(/expected Amazon Linux 2023, Debian or Ubuntu.*Nothing was changed/)
})

it('refuses a container without systemd', () =>
  expect(look(new StubHost('ID=debian\nPRETTY_NAME=Debian\n', { systemd: false }))).rejects.toThrow(/without systemd/))

it('refuses to make a broker with KRaft of one with ZooKeeper, and the reverse', async () => {
  for (const [text, kind, way] of [
    ['#\nbroker.id=0\nversion=0\n', 'zookeeper', 'Go on without --kraft'],
    ['#\nnode.id=1\nversion=1\n', 'kraft', 'Go on with --kraft'],
  ] as const) {
    const host = new StubHost('ID=debian\n')
    host.write('var/lib/kafka/meta.properties', text)
    const facts = await look(host)
    expect(facts.kind).toBe(kind)
    expect(() => refuseOtherKind(facts, kind === 'kraft')).not.toThrow()
    expect(() => refuseOtherKind(facts, kind !== 'kraft')).toThrow(way)
  }
})

it('warns when a host that asked for passwords will no longer', async () => {
  const host = new StubHost('ID=debian\n')
  const context = (secure: boolean): HostContext => ({ host, kraft: false, secure }) as unknown as HostContext
  expect(await preflight(context(false))).toBeUndefined()
  host.write('etc/lab/server.properties', 'listener.security.protocol.map=EXTERNAL:SASL_SSL,INTERNAL:SASL_PLAINTEXT\n')
  expect((await look(host)).secure).toBe(true)
  expect(await preflight(context(true))).toBeUndefined()
  expect(await preflight(context(false))).toMatch(/^WARNING/)
})
