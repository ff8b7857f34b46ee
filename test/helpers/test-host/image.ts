import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { has, peersDir, run } from '../peers.ts'

const labDir = join(peersDir, 'test-host')
/** The ssh key that every test host lets in. */
export const keyFile = join(labDir, 'key')
/** The root file system that every host starts from; see `buildGolden`. */
export const golden = join(labDir, 'golden')
const suite = 'bookworm'

/** systemd-nspawn: the installed one, else unpacked beside, so that the computer's own systemd stays as it is. */
export function nspawn(): string {
  if (has('systemd-nspawn')) return 'systemd-nspawn'
  const wrapper = join(labDir, 'nspawn')
  if (existsSync(wrapper)) return wrapper
  const debs = join(labDir, 'debs')
  mkdirSync(debs, { recursive: true })
  run('apt-get', ['download', '-qq', 'systemd-container', 'libsystemd-shared'], { cwd: debs })
  for (const deb of readdirSync(debs).filter(file => file.endsWith('.deb')))
    run('dpkg', ['-x', join(debs, deb), join(debs, 'root')])
  const library = run('find', [join(debs, 'root'), '-type', 'd', '-path', '*-linux-gnu/systemd']).split('\n')[0]
  const binary = join(debs, 'root', 'usr/bin/systemd-nspawn')
  writeFileSync(wrapper, `#!/bin/sh\nLD_LIBRARY_PATH='${library}' exec '${binary}' "$@"\n`, { mode: 0o755 })
  return wrapper
}

/** The packages' sources as apt of this computer knows them: `deb URI SUITE main` lines and their servers. */
export function packageSources(): { lines: string[]; servers: { host: string; port: number }[] } {
  const format = '$(SITE)|$(RELEASE)|$(REPO_URI)|$(SUITE)|$(CODENAME)|$(CREATED_BY)'
  const shown = run('apt-get', ['indextargets', '--format', format, 'Created-By: Packages'])
  const lines = new Set<string>()
  for (const line of shown.split('\n')) {
    const [, , uri = '', , codename = ''] = line.split('|')
    if (/^https?:/.test(uri) && [suite, `${suite}-updates`, `${suite}-security`].includes(codename))
      lines.add(`deb ${uri.replace(/\/$/, '')} ${codename} main`)
  }
  const servers = new Map<string, { host: string; port: number }>()
  for (const line of lines) {
    const url = new URL(line.split(' ')[1] as string)
    const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80)
    servers.set(`${url.hostname}:${port}`, { host: url.hostname, port })
  }
  return { lines: [...lines], servers: [...servers.values()] }
}

/** The root file system all hosts start from; made once (half a minute). */
export function buildGolden(): void {
  if (existsSync(golden)) return
  mkdirSync(labDir, { recursive: true })
  if (!existsSync(keyFile)) run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'lab', '-f', keyFile])
  const { lines } = packageSources()
  if (!lines.length) throw new Error(`apt knows no http source of Debian ${suite}`)
  const part = `${golden}.part`
  rmSync(part, { recursive: true, force: true })
  const hostKeys =
    '[Unit]\\nBefore=ssh.service\\nConditionPathExists=!/etc/ssh/ssh_host_ed25519_key\\n[Service]\\nType=oneshot\\nExecStart=/usr/bin/ssh-keygen -A\\n[Install]\\nWantedBy=ssh.service\\n'
  const hooks = [
    'mkdir -p "$1/usr/share/man/man1"',
    'chroot "$1" useradd -m -s /bin/bash -u 1000 ec2-user',
    'echo "ec2-user ALL=(ALL) NOPASSWD:ALL" > "$1/etc/sudoers.d/90-lab"; chmod 440 "$1/etc/sudoers.d/90-lab"',
    `install -d -m 700 -o 1000 -g 1000 "$1/home/ec2-user/.ssh"; install -m 600 -o 1000 -g 1000 '${keyFile}.pub' "$1/home/ec2-user/.ssh/authorized_keys"`,
    `rm -f "$1"/etc/ssh/ssh_host_*; printf '${hostKeys}' > "$1/etc/systemd/system/hostkeys.service"; chroot "$1" systemctl -q enable hostkeys; chroot "$1" systemctl -q mask apt-daily.timer apt-daily-upgrade.timer`,
    ': > "$1/etc/machine-id"; rm -f "$1/etc/resolv.conf"; : > "$1/etc/resolv.conf"',
  ]
  const packages = 'systemd-sysv,dbus,libpam-systemd,openssh-server,sudo,iproute2,curl,ca-certificates,openssl,procps,netbase'
  run('mmdebstrap', [
    '--quiet',
    '--variant=apt',
    `--include=${packages}`,
    '--aptopt=Acquire::Check-Valid-Until "false"',
    '--aptopt=Acquire::Check-Date "false"',
    '--aptopt=Acquire::Languages "none"',
    ...hooks.map(hook => `--customize-hook=${hook}`),
    suite,
    part,
    ...lines,
  ])
  run('mv', [part, golden])
}
