import type { SshTarget } from './ssh.ts'

/** What a failed script or connection means for a person: where a cause is known, that sentence first and the words after it. */
export function sshFailure(target: SshTarget, exitCode: number | null, words: string): string {
  const where = `${target.user}@${target.host}`
  const lines = words.trim().split('\n').filter(Boolean)
  const cause = knownCauses.find(([pattern, , always]) => (exitCode === 255 || always) && pattern.test(words))
  if (!cause) return `${where}: ${lines.slice(-15).join('\n') || `exit code ${exitCode}`}`
  const [pattern, sentence] = cause
  const telling = lines.find(line => pattern.test(line)) ?? ''
  return `${where}: ${sentence(target)} (${telling.trim()})`
}

type Cause = [pattern: RegExp, sentence: (target: SshTarget) => string, always?: boolean]

// facts/learners: what ssh says and what it means. Exit code 255 is ssh's own; the others may come from the host too
const knownCauses: Cause[] = [
  [/UNPROTECTED PRIVATE KEY|bad permissions/, ({ keyFile }) => `Others can read the private key: chmod 600 ${keyFile ?? 'it'}.`],
  [
    /HOST IDENTIFICATION HAS CHANGED|Host key verification failed/,
    ({ alias, host, knownHosts }) =>
      `Another host has this address now. If you made it anew: ssh-keygen -R ${alias ?? host} -f '${knownHosts}'.`,
  ],
  [
    /Permission denied/,
    ({ keyFile }) =>
      `The user or the key is not right: ec2-user on Amazon Linux, admin on Debian, ubuntu on Ubuntu; the key ${keyFile ?? "of ssh's own search (name it: --key)"} must belong to the host, and one with a passphrase to an agent (ssh-add).`,
  ],
  [
    /timed out|Timeout|not responding/i,
    () => 'Nothing answers: the firewall has no rule for port 22 from your address of today, or the host is down.',
  ],
  [/Connection refused/, () => 'The host answers but has no ssh server yet: wait for it to boot.'],
  [/Could not resolve hostname/, () => 'No such name is known here: check the address.'],
  [/No route to host|Network is unreachable/, () => 'No way leads there: check the address and your network.'],
  [
    /Connection (closed|reset)|Broken pipe|kex_exchange/,
    () => 'The host ended the connection: is it just booting, or shutting down? Try again.',
  ],
  [
    /sudo: (a password is required|.*not allowed|.*must have a tty|command not found|not found)|not in the sudoers|sudo: .*may not run/,
    ({ user }) => `User ${user} may not sudo without a password there: take one who may (ec2-user, admin, ubuntu), or root.`,
    true,
  ],
  [/bash: (command )?not found|sudo: bash/, () => 'The host has no bash: expected Amazon Linux 2023, Debian or Ubuntu.', true],
  [/\bssh: (command )?not found/, () => 'There is no ssh on this machine: install openssh-client.', true],
]
