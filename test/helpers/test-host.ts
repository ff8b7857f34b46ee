import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { aptInstall, has, run } from './peers.ts'
import { alive, kill, tryRun } from './test-host/processes.ts'
import { buildGolden, golden, keyFile, nspawn, packageSources } from './test-host/image.ts'
import { forward, limitMemory, serveFiles } from './test-host/services.ts'

/**
 * An EC2-like Debian machine in about a second: systemd as PID 1 (systemd-nspawn), a real sshd, an own address, disk and memory
 * limit, and EC2's metadata service (IMDSv2). Needs root on Debian.
 */
export interface TestHost {
  readonly name: string
  /** The "public" address now. */
  readonly address: string
  /** The ssh key of user ec2-user, who may sudo. */
  readonly key: string
  /** Runs a script as root on the host and answers its output, trimmed. */
  ssh(script: string): string
  /** Memory in use without page cache, in MiB, of everything on the host; undefined where there is no memory cgroup. */
  usedMiB(): number | undefined
  reboot(): Promise<void>
  /** Powers off and on again, as EC2 does: with another public address. */
  stopAndStart(): Promise<void>
  remove(): void
}

export interface TestHostOptions {
  /** 0 to 49; two hosts at once need two numbers. */
  number: number
  /** Memory; 800 is what a 1 GiB instance leaves beside a real operating system. */
  memoryMiB?: number
  /** Size of the disk as `truncate` takes it. */
  disk?: string
  /** Served over http to the host as `http://downloads.test:8080/<name>`: path by name. */
  downloads?: Record<string, string>
}

/** Why no test host can run here, or undefined. Installs what is missing. */
export function testHostProblem(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'a test host needs root on Linux'
  if (!has('apt-get')) return 'a test host needs Debian or Ubuntu'
  if (!aptInstall(['mmdebstrap'], ['mmdebstrap'])) return 'mmdebstrap could not be installed'
  if (!aptInstall(['iproute2', 'openssh-client', 'e2fsprogs'], ['ip', 'ssh', 'mkfs.ext4']))
    return 'ip, ssh and mkfs.ext4 could not be installed'
  try {
    nspawn()
    run('unshare', ['-n', 'true'])
  } catch (error) {
    return `this system cannot run systemd-nspawn: ${(error as Error).message}`
  }
  return undefined
}

/** Starts a fresh host. */
export async function startTestHost(options: TestHostOptions): Promise<TestHost> {
  buildGolden()
  removeAbandoned()
  const host = new NspawnHost(options)
  try {
    await host.create()
    return host
  } catch (error) {
    host.remove()
    throw error
  }
}

/** Removes the hosts of test runs that were killed: their folders name the run and the processes. */
function removeAbandoned(): void {
  for (const folder of readdirSync(tmpdir()).filter(name => name.startsWith('tlhost-'))) {
    const dir = join(tmpdir(), folder)
    const [owner, name, ...pids] = readNote(dir)
    if (!owner || !name || alive(Number(owner))) continue
    for (const pid of pids) kill(Number(pid))
    for (const mount of ['root', 'disk']) tryRun('umount', ['-l', join(dir, mount)])
    tryRun('ip', ['link', 'del', `${name}-h`])
    tryRun('ip', ['netns', 'del', name])
    rmSync(dir, { recursive: true, force: true })
  }
}

const readNote = (dir: string): string[] =>
  existsSync(join(dir, 'note')) ? readFileSync(join(dir, 'note'), 'utf8').split(' ') : []

class NspawnHost implements TestHost {
  readonly name: string
  readonly key = keyFile
  readonly #options: Required<Omit<TestHostOptions, 'downloads'>> & Pick<TestHostOptions, 'downloads'>
  readonly #dir: string
  #last = 2 // last octet of the public address: 2, after a stop 6, and so on
  #pids: number[] = []
  #servers: Server[] = []
  #cgroup: string | undefined

  constructor(options: TestHostOptions) {
    this.#options = { memoryMiB: 800, disk: '8G', ...options }
    this.name = `tlhost${options.number}`
    this.#dir = mkdtempSync(join(tmpdir(), 'tlhost-'))
  }

  #ip(last: number): string {
    return `10.201.${100 + this.#options.number}.${last}`
  }

  get address(): string {
    return this.#ip(this.#last)
  }

  ssh(script: string): string {
    return run('ssh', [...this.#sshOptions(), `ec2-user@${this.address}`, 'sudo', 'bash', '-euo', 'pipefail', '-s'], {
      input: `{\n${script}\n} </dev/null\n`,
    }).trim()
  }

  usedMiB(): number | undefined {
    if (!this.#cgroup) return undefined
    const read = (file: string): string => readFileSync(join(this.#cgroup as string, file), 'utf8')
    const v1 = existsSync(join(this.#cgroup, 'memory.usage_in_bytes'))
    const usage = Number(read(v1 ? 'memory.usage_in_bytes' : 'memory.current'))
    const cache = Number(new RegExp(`^${v1 ? 'total_cache' : 'file'} (\\d+)`, 'm').exec(read('memory.stat'))?.[1])
    return Math.round((usage - cache) / 1048576)
  }

  async reboot(): Promise<void> {
    const before = this.ssh('cat /proc/sys/kernel/random/boot_id; stat -c %Z /proc/1')
    try {
      this.ssh('systemctl reboot')
    } catch {
      // the connection ends with the host
    }
    for (let tries = 0; tries < 300; tries++, await sleep(100)) {
      try {
        if (this.ssh('cat /proc/sys/kernel/random/boot_id; stat -c %Z /proc/1') !== before) return
      } catch {
        // not up yet
      }
    }
    throw new Error(`${this.name} does not come back from a reboot; see ${this.#dir}/console.log`)
  }

  async stopAndStart(): Promise<void> {
    await this.#powerOff()
    this.#last = this.#last === 2 ? 6 : 2
    rmSync(join(this.#dir, 'known_hosts'), { force: true })
    this.#network()
    await this.#boot()
  }

  async create(): Promise<void> {
    const { disk } = this.#options
    const [image, mounted, root] = [join(this.#dir, 'disk.img'), join(this.#dir, 'disk'), join(this.#dir, 'root')]
    this.#tearDownNetwork()
    mkdirSync(mounted)
    mkdirSync(root)
    run('truncate', ['-s', disk, image])
    run('mkfs.ext4', ['-q', '-F', image])
    run('mount', ['-o', 'loop', image, mounted])
    mkdirSync(join(mounted, 'upper'))
    mkdirSync(join(mounted, 'work'))
    run('mount', ['-t', 'overlay', 'overlay', '-o', `lowerdir=${golden},upperdir=${mounted}/upper,workdir=${mounted}/work`, root])
    run('ip', ['netns', 'add', this.name])
    run('ip', ['link', 'add', `${this.name}-h`, 'type', 'veth', 'peer', 'name', 'host0', 'netns', this.name])
    run('ip', ['link', 'set', `${this.name}-h`, 'up'])
    for (const args of [
      ['link', 'set', 'lo', 'up'],
      ['link', 'set', 'host0', 'up'],
      ['addr', 'add', '169.254.169.254/32', 'dev', 'lo'],
    ])
      run('ip', ['-n', this.name, ...args])
    writeFileSync(join(root, 'etc/hostname'), `${this.name}\n`)
    this.#network()
    await this.#boot()
  }

  remove(): void {
    for (const pid of this.#pids) kill(pid)
    this.#closeServers()
    for (const mount of ['root', 'disk']) tryRun('umount', [join(this.#dir, mount)])
    this.#tearDownNetwork()
    if (this.#cgroup)
      tryRun('sh', ['-c', 'for i in $(seq 50); do rmdir "$1" 2>/dev/null && exit; sleep 0.1; done', '_', this.#cgroup])
    tryRun('rmdir', [`/run/systemd/nspawn/propagate/${this.name}`])
    rmSync(this.#dir, { recursive: true, force: true })
  }

  #sshOptions(): string[] {
    const options = [
      'BatchMode=yes',
      'ConnectTimeout=2',
      'StrictHostKeyChecking=accept-new',
      `UserKnownHostsFile=${this.#dir}/known_hosts`,
    ]
    return ['-q', '-i', keyFile, ...options.flatMap(option => ['-o', option])]
  }

  #tearDownNetwork(): void {
    tryRun('ip', ['link', 'del', `${this.name}-h`])
    tryRun('ip', ['netns', 'del', this.name])
  }

  /** The addresses of now, names for the package servers and downloads (both forwarded from here), and the metadata's values. */
  #network(): void {
    const [device, gateway] = [`${this.name}-h`, this.#ip(this.#last - 1)]
    run('ip', ['addr', 'flush', 'dev', device, 'scope', 'global'])
    run('ip', ['addr', 'add', `${gateway}/30`, 'dev', device])
    run('ip', ['-n', this.name, 'addr', 'flush', 'dev', 'host0'])
    run('ip', ['-n', this.name, 'addr', 'add', `${this.address}/30`, 'dev', 'host0'])
    run('ip', ['-n', this.name, 'route', 'replace', 'default', 'via', gateway])
    const names = ['127.0.0.1 localhost', `127.0.1.1 ${this.name}`, `${gateway} downloads.test`]
    packageSources().servers.forEach(({ host }, index) => {
      run('ip', ['addr', 'add', `${this.#ip(201 + index)}/32`, 'dev', device])
      names.push(`${this.#ip(201 + index)} ${host}`)
    })
    writeFileSync(join(this.#dir, 'root/etc/hosts'), `${names.join('\n')}\n`)
    const values = {
      'public-ipv4': this.address,
      'local-ipv4': `172.31.0.${10 + this.#options.number}`,
      'instance-id': 'i-0123456789abcdef0',
    }
    writeFileSync(join(this.#dir, 'imds.json'), JSON.stringify(values))
  }

  async #boot(): Promise<void> {
    await this.#serve()
    this.#cgroup ??= limitMemory(`${this.name}-${process.pid}`, this.#options.memoryMiB)
    const console_ = openSync(join(this.#dir, 'console.log'), 'a')
    // a reboot ends nspawn with 133 (no machined outside): start it again
    const loop = `echo $$ > "$1/cgroup.procs" || true
      while :; do "$2" -q -D "$3/root" -M "$4" --boot --register=no --keep-unit --network-namespace-path="/run/netns/$4" --resolv-conf=off --timezone=off --console=pipe --kill-signal=SIGRTMIN+3; rc=$?; [ $rc = 133 ] || exit $rc; done`
    this.#start('bash', ['-c', loop, '_', this.#cgroup ?? '/nonexistent', nspawn(), this.#dir, this.name], console_)
    const imds = join(import.meta.dirname, 'test-host', 'imds.ts')
    this.#start(
      'ip',
      ['netns', 'exec', this.name, process.execPath, imds, '169.254.169.254', '80', join(this.#dir, 'imds.json')],
      console_,
    )
    for (let tries = 0; tries < 300; tries++, await sleep(100)) {
      try {
        this.ssh('true')
        return
      } catch {
        // still booting
      }
    }
    throw new Error(`no ssh on ${this.name}: ${readFileSync(join(this.#dir, 'console.log'), 'utf8').slice(-2000)}`)
  }

  #start(command: string, args: string[], output: number): void {
    const child = spawn(command, args, { detached: true, stdio: ['ignore', output, output] })
    child.unref()
    if (child.pid) this.#pids.push(child.pid)
    writeFileSync(join(this.#dir, 'note'), [process.pid, this.name, ...this.#pids].join(' '))
  }

  async #powerOff(): Promise<void> {
    try {
      this.ssh('systemctl poweroff')
    } catch {
      // the connection ends with the host
    }
    const [container] = this.#pids
    for (let tries = 0; tries < 200 && container && alive(container); tries++) await sleep(100)
    for (const pid of this.#pids) kill(pid)
    this.#pids = []
    this.#closeServers()
  }

  /** Lets the host reach the package servers and the test's downloads, and nothing else. */
  async #serve(): Promise<void> {
    const { servers } = packageSources()
    for (const [index, { host, port }] of servers.entries()) {
      this.#servers.push(await forward(this.#ip(201 + index), port, host, port))
    }
    if (this.#options.downloads) this.#servers.push(await serveFiles(this.#ip(this.#last - 1), 8080, this.#options.downloads))
  }

  #closeServers(): void {
    for (const server of this.#servers) server.close()
    this.#servers = []
  }
}
