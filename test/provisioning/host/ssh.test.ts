import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openHost, sshOptions } from '../../../provisioning/host/ssh.ts'
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

const target = { host: '10.0.0.7', user: 'ec2-user', knownHosts: '/tmp/known 100%h hosts', keyFile: '/tmp/key' }

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
  ['Permission denied (publickey).', 'ec2-user on Amazon Linux'],
  ['connect to host 1.2.3.4 port 22: Connection timed out', 'no rule for port 22'],
  ['@ WARNING: UNPROTECTED PRIVATE KEY FILE! @', 'chmod 600'],
])('explains %j', async (words, cause) => {
  fakeSsh(`echo '${words}' >&2; exit 255`)
  const host = openHost(target)
  await expect(host.run`true`).rejects.toThrow(cause)
  await host.close()
})

it('refuses hosts and users that ssh would take for options', () => {
  expect(() => openHost({ ...target, host: '-oProxyCommand=id' })).toThrow('expected a name or an address')
  expect(() => openHost({ ...target, user: 'a b' })).toThrow('ssh user')
})

it('never asks, never trusts a changed host, keeps a key under its alias', () => {
  const options = sshOptions({ ...target, alias: 'i-123', configFile: '/tmp/config' }).join(' ')
  expect(options).toContain('BatchMode=yes')
  expect(options).toContain('StrictHostKeyChecking=accept-new')
  expect(options).toContain('UserKnownHostsFile="/tmp/known 100%%h hosts"')
  expect(options).toContain('HostKeyAlias=i-123')
  expect(options).toContain('-F /tmp/config')
})
