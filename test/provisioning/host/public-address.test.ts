import { expect, it } from 'vitest'
import { publicAddressScript } from '../../../provisioning/host/units.ts'
import { StubHost } from '../../helpers/test-host-stub.ts'

interface Metadata {
  token?: string
  'public-ipv4'?: string
  'local-ipv4'?: string
}

/** What the script makes of a metadata service that gives these answers (none: it is not there). */
async function addressWith(
  metadata: Metadata,
  { given = '192.0.2.1', known = false, silent = 0 } = {},
): Promise<{ address: string; asked: number }> {
  const host = new StubHost('', { missing: ['curl'] })
  host.write('etc/lab/address', `${given}\n`)
  if (known) host.write('var/lib/lab-metadata', '')
  for (const [name, value] of Object.entries(metadata)) host.write(`metadata/${name}`, value as string)
  host.write('silent', String(silent))
  host.stub(
    'curl',
    `${silentFirst}; url=\${@: -1}; [ ! -e "$ROOT/metadata/\${url##*/}" ] && exit 22; cat "$ROOT/metadata/\${url##*/}"`,
  )
  await host.bash(publicAddressScript)
  return { address: host.read('run/lab-kafka.env'), asked: host.calls().filter(call => call.startsWith('curl')).length }
}

// as many questions without an answer as the file says
const silentFirst = 'n=$(cat "$ROOT/silent"); [ "$n" = 0 ] || { echo $((n - 1)) > "$ROOT/silent"; exit 7; }'

const token = 'AQAEAF-_x=='
const is = (address: string): string => `PUBLIC_ADDRESS=${address}\n`

it('is what EC2 says now', async () =>
  expect((await addressWith({ token, 'local-ipv4': '172.31.0.9', 'public-ipv4': '3.4.5.6' })).address).toBe(is('3.4.5.6')))

it('is the one given at set-up where there is no metadata service, without a long wait', async () => {
  const { address, asked } = await addressWith({}, { given: 'kafka-1.example.com' })
  expect(address).toBe(is('kafka-1.example.com'))
  expect(asked).toBe(3)
})

it('waits for a service that was there before, and not for one that never was', async () => {
  const metadata = { token, 'public-ipv4': '3.4.5.6' }
  expect((await addressWith(metadata, { known: true, silent: 9 })).address).toBe(is('3.4.5.6'))
  expect((await addressWith(metadata, { silent: 9 })).address).toBe(is('192.0.2.1'))
})

it("is none rather than an old one, which may be somebody else's by now, when a known service stays silent", () =>
  expect(addressWith({}, { known: true })).rejects.toThrow('metadata service of this host does not answer'))

it('is the private one of a host that was set up through it', async () =>
  expect(
    (await addressWith({ token, 'local-ipv4': '172.31.0.9', 'public-ipv4': '3.4.5.6' }, { given: '172.31.0.9' })).address,
  ).toBe(is('172.31.0.9')))

it.each([
  ['a web page for a token', { token: '<html>login</html>', 'public-ipv4': '3.4.5.6' }],
  ['a web page for an address', { token, 'public-ipv4': '<html>\n<body>404</body>' }],
  ['an instance without a public address', { token, 'local-ipv4': '172.31.0.9' }],
  ['commands', { token, 'public-ipv4': '$(touch /etc/pwned)' }],
  ['an address and more', { token, 'public-ipv4': '3.4.5.6\nX=y' }],
  ['nothing', { token: '', 'public-ipv4': '' }],
])('falls back to the one given at set-up for %s', async (_, metadata) =>
  expect((await addressWith(metadata)).address).toBe(is('192.0.2.1')),
)

it.each(['', '-x', 'a b', '$(id)', '1.2.3.4;id', 'a\nb'])('refuses %j as an address given at set-up', given =>
  expect(addressWith({}, { given })).rejects.toThrow('not an address'),
)
