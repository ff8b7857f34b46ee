import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { isPrivateAddress, openContext, readSecrets } from '../../../provisioning/host/open-context.ts'
import { exportLines, settingsLines } from '../../../provisioning/host/set-up.ts'
import { temporaryFolder } from '../../helpers/folder.ts'

it.each([
  ['10.1.2.3', true],
  ['172.16.0.1', true],
  ['172.32.0.1', false],
  ['192.168.1.1', true],
  ['100.64.0.1', true],
  ['127.0.0.1', true],
  ['8.8.8.8', false],
  ['kafka.example.com', false],
  ['fd00::1', true],
])('knows whether %s is private: %s', (address, answer) => expect(isPrivateAddress(address)).toBe(answer))

const options = { secure: false, kraft: false, firewalled: false }

it('refuses plain mode on a public address unless a firewall stands before it', async () => {
  const dir = temporaryFolder()
  await expect(openContext({ ...options, host: 'ec2-user@8.8.8.8', dir })).rejects.toThrow('--secure')
  for (const more of [{ firewalled: true }, { secure: true }]) {
    const context = await openContext({ ...options, ...more, host: 'admin@8.8.8.8', dir })
    expect(context.host.target).toMatchObject({ user: 'admin', host: '8.8.8.8' })
    await context.host.close()
  }
})

it('refuses what does not go together', () =>
  expect(openContext({ ...options, secure: true, kraft: true, host: '10.0.0.1', dir: temporaryFolder() })).rejects.toThrow(
    'do not go together',
  ))

it('makes secrets once, for their owner only', () => {
  const file = join(temporaryFolder(), 'secrets.json')
  const made = readSecrets(file)
  expect(readSecrets(file)).toEqual(made)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(made.adminPassword).not.toBe(made.labPassword)
  expect(made.adminPassword).toMatch(/^[\w-]{32}$/)
})

it('takes passwords of any characters, and refuses control characters without showing them', () => {
  const file = join(temporaryFolder(), 'secrets.json')
  const secrets = { adminPassword: ` $(x) \`id\` 'q' "d" \\ , [b] = ü😀`, labPassword: '-n' }
  writeFileSync(file, JSON.stringify(secrets), { mode: 0o644 })
  expect(readSecrets(file)).toEqual(secrets)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  for (const text of [
    JSON.stringify({ ...secrets, labPassword: 'secret\nline' }),
    JSON.stringify({ ...secrets, labPassword: '' }),
    '{"adminPassword":"secret"}',
    '{"adminPassword":"secret',
    '',
  ]) {
    writeFileSync(file, text)
    expect(() => readSecrets(file), text).toThrow('does not hold the passwords')
    expect(() => readSecrets(file), text).not.toThrow(/secret[^s]/)
  }
})

it('writes nothing in a dry run', async () => {
  const dir = join(temporaryFolder(), 'host')
  const context = await openContext({ ...options, host: '10.0.0.1', dir, dryRun: true })
  await context.host.close()
  expect(existsSync(dir)).toBe(false)
})

it("goes by the address that ssh's configuration gives a name", async () => {
  const dir = temporaryFolder()
  const sshConfig = join(dir, "it's $(touch pwned) 100%")
  writeFileSync(sshConfig, 'Host inside\n  HostName 10.0.0.9\nHost outside\n  HostName 8.8.8.8\n')
  const context = await openContext({ ...options, host: 'admin@inside', sshConfig, dir })
  await context.host.close()
  expect(context.address).toBe('10.0.0.9')
  expect(context.host.target.host).toBe('inside')
  await expect(openContext({ ...options, host: 'admin@outside', sshConfig, dir })).rejects.toThrow('plain mode on 8.8.8.8')
})

it.each(['ec2-user@fe80::1%eth0', 'ec2-user@[::1]', '-oProxyCommand=id', 'a b@10.0.0.1', '10.0.0.1:22', '@10.0.0.1', 'x@'])(
  'refuses %j as a host',
  host =>
    expect(openContext({ ...options, firewalled: true, host, dir: temporaryFolder() })).rejects.toThrow(
      /The ssh (host|user): expected/,
    ),
)

it('writes the settings of a secure host so that a shell reads them back', async () => {
  const dir = join(temporaryFolder(), "it's a dir")
  const context = await openContext({ ...options, secure: true, host: '10.0.0.1', dir })
  await context.host.close()
  const settings = settingsLines(context, '10.0.0.1')
  expect(settings).toMatchObject({
    LAB_KAFKA: '10.0.0.1:9092',
    LAB_KAFKA_TLS: 'true',
    LAB_KAFKA_USER: 'lab',
    LAB_KAFKA_SERVERNAME: 'kafka.lab',
  })
  expect(settings.LAB_KAFKA_PASSWORD).toBe(
    (JSON.parse(readFileSync(join(dir, 'secrets.json'), 'utf8')) as { labPassword: string }).labPassword,
  )
  expect(exportLines({ A: "it's $HOME" })).toBe("export A='it'\\''s $HOME'\n")
})
