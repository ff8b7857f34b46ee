import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openHost, sshAddress, sshOptions } from '../../../provisioning/host/ssh.ts'
import { temporaryFolder } from '../../helpers/folder.ts'

const path = process.env.PATH
let log: string

/** An `ssh` that notes its arguments and runs the script it is given here, without sudo. */
function fakeSsh(body = 'exec bash -s'): void {
  const folder = temporaryFolder()
  log = join(folder, 'log')
  writeFileSync(
    join(folder, 'ssh'),
    `#!/bin/bash\nprintf '%s\\n' "$@" >> '${log}'\n[[ " $* " == *" -O exit "* ]] && exit 0\n${body}\n`,
  )
  chmodSync(join(folder, 'ssh'), 0o755)
  process.env.PATH = `${folder}:${path}`
}

beforeEach(() => fakeSsh())
afterEach(() => {
  process.env.PATH = path
})

const target = { host: '10.0.0.7', user: 'ec2-user', knownHosts: '/tmp/known 100%h hosts' }

it('sends values as data, nothing of the script on the command line', async () => {
  const folder = temporaryFolder()
  const host = openHost(target)
  const evil = `a b; $(touch ${join(folder, 'pwned')}) 'q' "d"\nand \`touch ${join(folder, 'pwned')}\``
  expect(await host.run`printf %s ${evil}`).toBe(evil)
  await host.close()
  expect(existsSync(join(folder, 'pwned'))).toBe(false)
  expect(readFileSync(log, 'utf8')).not.toContain('pwned')
  expect(readFileSync(log, 'utf8')).toContain('sudo\n-n\nbash\n-s')
})

it('runs a command that reads its input without eating the script', async () => {
  const host = openHost(target)
  expect(await host.run`cat; echo still here`).toBe('still here')
  await host.close()
})

it('stops at the first failure and tells what the host said', async () => {
  const host = openHost(target)
  await expect(host.run`echo before; false; echo after`).rejects.toThrow(/^ec2-user@10\.0\.0\.7: before$/)
  await host.close()
})

it.each([
  ['Permission denied (publickey).', 255, 'ec2-user on Amazon Linux'],
  ['ssh: connect to host 1.2.3.4 port 22: Connection timed out', 255, 'no rule for port 22'],
  ['ssh: connect to host 1.2.3.4 port 22: Connection refused', 255, 'no ssh server yet'],
  ['ssh: connect to host 1.2.3.4 port 22: No route to host', 255, 'No way leads there'],
  ['ssh: Could not resolve hostname nowhere: Name or service not known', 255, 'No such name is known'],
  ['@ WARNING: UNPROTECTED PRIVATE KEY FILE! @', 255, 'chmod 600'],
  ['@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.', 255, 'ssh-keygen -R 10.0.0.7 -f'],
  ['kex_exchange_identification: Connection closed by remote host', 255, 'Try again'],
  ['sudo: a password is required', 1, 'User ec2-user may not sudo without a password'],
  ['bash: line 1: sudo: command not found', 127, 'take one who may'],
  ['sudo: bash: command not found', 1, 'The host has no bash: expected Amazon Linux 2023'],
  ['bash: line 1: ssh: command not found', 127, 'no ssh on this machine'],
])('explains %j in one sentence', async (words, code, cause) => {
  fakeSsh(`printf '%s\\n' '${words}' >&2; exit ${code}`)
  const host = openHost(target)
  const error: unknown = await host.run`true`.catch((error: unknown) => error)
  await host.close()
  expect((error as Error).message).toContain(cause)
  expect((error as Error).message).not.toContain('\n')
})

it('takes words of a script for what they are, not for those of ssh', async () => {
  fakeSsh(`echo 'tar: a: Permission denied' >&2; exit 2`)
  const host = openHost(target)
  await expect(host.run`true`).rejects.toThrow(/^ec2-user@10\.0\.0\.7: tar: a: Permission denied$/)
  await host.close()
})

it.each(['-oProxyCommand=touch pwned', '$(touch pwned)', '`id`', 'a b', 'a\nb', "it's", '', '[::1]', '10.0.0.7:2222', '@', '%h'])(
  'refuses %j as host, user and alias before ssh sees it',
  value => {
    expect(() => openHost({ ...target, host: value })).toThrow('expected a name or an IPv4 address')
    expect(() => openHost({ ...target, user: value })).toThrow('ssh user')
    expect(() => openHost({ ...target, alias: value })).toThrow('ssh alias')
    expect(() => sshAddress({ ...target, host: value })).toThrow('ssh host')
    expect(existsSync(log)).toBe(false)
  },
)

it('says which file is missing', () => {
  expect(() => openHost({ ...target, keyFile: '/no such/key' })).toThrow('there is no file /no such/key')
  expect(() => openHost({ ...target, configFile: '/no such/config' })).toThrow('there is no file /no such/config')
})

it('hands ssh its files under names without anything to expand, whatever they are called', async () => {
  const folder = join(temporaryFolder(), `a 100%h "$(touch pwned)" \${HOME} it's\nnew`)
  mkdirSync(folder)
  writeFileSync(join(folder, 'key'), 'the key')
  fakeSsh(
    `for word; do case $word in IdentityFile=*|UserKnownHostsFile=*) file=\${word#*=}; file=\${file#\\"}; file=\${file%\\"}; echo "$word" >&2; cat "$file"; esac; done; exit 0`,
  )
  writeFileSync(join(folder, 'known'), 'the hosts')
  const host = openHost({ ...target, keyFile: join(folder, 'key'), knownHosts: join(folder, 'known') })
  expect(await host.run`true`).toBe('the keythe hosts')
  await host.close()
  expect(readFileSync(log, 'utf8')).not.toContain('pwned')
})

it('cuts off what a login shell says first, and survives one that says nothing', async () => {
  fakeSsh('echo Welcome; echo "to this host"; exec bash -s')
  const host = openHost(target)
  expect(await host.run`echo answer; echo --- tickerlake ---`).toBe('answer\n--- tickerlake ---')
  expect(await host.run`true`).toBe('')
  await host.close()
})

it('writes no host key in a dry run', async () => {
  const folder = temporaryFolder()
  fakeSsh(
    `for word; do case $word in UserKnownHostsFile=*) file=\${word#*=\\"}; echo new >> "\${file%\\"}"; esac; done; exec bash -s`,
  )
  for (const [dryRun, content] of [
    [true, 'old\n'],
    [false, 'old\nnew\n'],
  ] as const) {
    writeFileSync(join(folder, 'known'), 'old\n')
    const host = openHost({ ...target, knownHosts: join(folder, 'known'), dryRun })
    await host.run`true`
    await host.close()
    expect(readFileSync(join(folder, 'known'), 'utf8')).toBe(content)
  }
})

it('never asks, never trusts a changed host, keeps a key under its alias', () => {
  const options = sshOptions({ ...target, keyFile: '/tmp/k"%', alias: 'i-123', configFile: '/tmp/config' }).join(' ')
  expect(options).toContain('IdentityFile="/tmp/k\\"%%"')
  expect(options).toContain('BatchMode=yes')
  expect(options).toContain('StrictHostKeyChecking=accept-new')
  expect(options).toContain('UserKnownHostsFile="/tmp/known 100%%h hosts"')
  expect(options).toContain('HostKeyAlias=i-123')
  expect(options).toContain('-F /tmp/config')
})
