import { createHash } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { swap } from '../../../provisioning/host/01-swap.ts'
import { java } from '../../../provisioning/host/02-java.ts'
import { kafka } from '../../../provisioning/host/03-kafka.ts'
import type { HostContext } from '../../../provisioning/host/context.ts'
import { StubHost } from '../../helpers/test-host-stub.ts'

const contextOf = (host: StubHost, more: object = {}): HostContext => ({ host, ...more }) as unknown as HostContext
const debian = 'ID=debian\nPRETTY_NAME="Debian GNU/Linux"\n'
const amazon = 'ID="amzn"\nID_LIKE="fedora"\nVERSION_ID="2023"\nPRETTY_NAME="Amazon Linux 2023"\n'
const putJava = (version: number): string =>
  `printf '#!/bin/sh\\necho openjdk version \\\\"${version}.0.1\\\\" >&2\\n' > "$ROOT/bin/java"; chmod 755 "$ROOT/bin/java"`

describe('Java', () => {
  it('is Corretto by dnf on Amazon Linux 2023, with the tools that a minimal image lacks', async () => {
    const host = new StubHost(amazon, { missing: ['curl', 'free'] })
    host.stub('dnf', `${putJava(17)}; for tool in curl free; do cp "$ROOT/bin/true" "$ROOT/bin/$tool"; done`)
    expect(await java.check(contextOf(host))).toEqual(['no Java', 'no curl', 'no free'])
    await java.apply(contextOf(host))
    expect(host.calls()).toEqual(['dnf install -y -q java-17-amazon-corretto-headless curl-minimal procps-ng'])
    expect(await java.check(contextOf(host))).toEqual([])
  })

  /** apt that knows some packages, the first time only after an update. */
  function aptHost(known: string[], { locked = 0, fresh = false } = {}): StubHost {
    const host = new StubHost(debian)
    host.stub(
      'apt-cache',
      `[ -e "$ROOT/updated" ] && case " ${known.join(' ')} " in *" $2 "*) echo "Package: $2";; *) exit 100;; esac`,
    )
    if (!fresh) host.write('updated', '')
    const lock = `n=$(cat "$ROOT/locked" 2>/dev/null || echo ${locked}); [ "$n" = 0 ] || { echo $((n - 1)) > "$ROOT/locked"; echo 'E: Could not get lock /var/lib/apt/lists/lock. It is held by process 7 (apt-get)' >&2; exit 100; }`
    host.stub('apt-get', `${lock}\ncase " $* " in *' update '*) touch "$ROOT/updated";; *' install '*) ${putJava(17)};; esac`)
    return host
  }
  const aptCalls = (host: StubHost): string[] => host.calls().filter(call => !call.startsWith('apt-cache'))

  it('is OpenJDK 17 by apt on Debian and Ubuntu', async () => {
    const host = aptHost(['openjdk-17-jre-headless', 'openjdk-21-jre-headless'])
    await java.apply(contextOf(host))
    expect(aptCalls(host)).toEqual([
      'apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends openjdk-17-jre-headless',
    ])
  })

  it('is OpenJDK 21 where there is no 17 (Debian 13), and the lists are read first on a fresh machine', async () => {
    const host = aptHost(['openjdk-21-jre-headless'], { fresh: true })
    await java.apply(contextOf(host))
    expect(aptCalls(host).map(call => call.replace(/^.*=300 /, ''))).toEqual([
      'update',
      'install -y --no-install-recommends openjdk-21-jre-headless',
    ])
  })

  it("waits while the machine's own updates hold apt's locks", async () => {
    const host = aptHost(['openjdk-17-jre-headless'], { locked: 3 })
    await java.apply(contextOf(host))
    expect(aptCalls(host).filter(call => call === 'sleep 5')).toHaveLength(3)
    expect(await java.check(contextOf(host))).toEqual([])
  })

  it('says so when apt knows none', async () => {
    const host = aptHost(['default-jre'])
    await expect(java.apply(contextOf(host))).rejects.toThrow('apt knows no Java 17 or 21')
  })

  it('replaces one that is too old', async () => {
    const host = aptHost(['openjdk-17-jre-headless'])
    host.stub('java', 'echo "openjdk version \\"11.0.2\\"" >&2')
    expect(await java.check(contextOf(host))).toEqual(['Java is 11'])
  })
})

describe('swap', () => {
  function host(mib: number, place = 'none'): StubHost {
    const made = new StubHost(debian)
    made.write('proc/meminfo', `MemTotal: ${mib * 1024} kB\n`)
    made.stub('systemd-detect-virt', `echo ${place}; [ ${place} != none ]`)
    made.stub('swapon', 'case $1 in --show*) cat "$ROOT/swaps" 2>/dev/null || true;; *) echo "$1" >> "$ROOT/swaps";; esac')
    made.stub('sysctl', 'case $1 in -n) cat "$ROOT/swappiness" 2>/dev/null || echo 60;; *) echo 10 > "$ROOT/swappiness";; esac')
    made.stub('dd', 'for word; do case $word in of=*) echo zeros > "${word#of=}";; esac; done')
    made.stub('mkswap')
    made.write('etc/fstab', 'UUID=1 / ext4 defaults 0 1\n')
    mkdirSync(join(made.root, 'etc/sysctl.d'))
    return made
  }

  it('is made on a host of 1 GiB: once, with dd, for the owner only, also for the next boot', async () => {
    const small = host(948)
    expect(await swap.skip?.(contextOf(small))).toBeUndefined()
    expect(await swap.check(contextOf(small))).toEqual([
      'no swap',
      'swappiness is not 10',
      'swappiness is not 10 after the next boot',
    ])
    await swap.apply(contextOf(small))
    const file = join(small.root, 'swapfile')
    const made = small.calls().filter(call => /^(dd|mkswap|swapon \/)/.test(call))
    expect(made).toEqual([`dd if=/dev/zero of=${file}.new bs=1M count=1024 status=none`, `mkswap ${file}.new`, `swapon ${file}`])
    expect(await swap.check(contextOf(small))).toEqual([])
    await swap.apply(contextOf(small))
    expect(small.calls().some(call => /^(dd|mkswap)/.test(call))).toBe(false)
    expect(small.read('etc/fstab').match(/swapfile none swap/g)).toHaveLength(1)
    expect(execFileSync('stat', ['-c', '%a', file], { encoding: 'utf8' }).trim()).toBe('600')
    expect(small.read('etc/sysctl.d/90-lab.conf')).toBe('vm.swappiness=10\n')
  })

  it('is mended when a set-up ended before it was there for the next boot', async () => {
    const small = host(948)
    await swap.apply(contextOf(small))
    small.write('etc/fstab', 'UUID=1 / ext4 defaults 0 1\n')
    small.write('etc/sysctl.d/90-lab.conf', '')
    expect(await swap.check(contextOf(small))).toEqual([
      'no swap after the next boot',
      'swappiness is not 10 after the next boot',
    ])
    await swap.apply(contextOf(small))
    expect(await swap.check(contextOf(small))).toEqual([])
  })

  it('is not needed with 2 GiB, and not possible in a container', async () => {
    expect(await swap.skip?.(contextOf(host(1900)))).toBe('1900 MiB of memory are enough')
    expect(await swap.skip?.(contextOf(host(900, 'systemd-nspawn')))).toContain('container (systemd-nspawn)')
  })
})

describe('Kafka', () => {
  const file = 'kafka_2.13-3.9.2.tgz'
  let server: Server
  let base = ''
  let folder = ''
  let good: Buffer
  const asked: string[] = []
  const sum = (body: Buffer): string => createHash('sha512').update(body).digest('hex')
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tickerlake-'))
    mkdirSync(join(folder, 'kafka_2.13-3.9.2', 'libs'), { recursive: true })
    writeFileSync(join(folder, 'kafka_2.13-3.9.2', 'libs', 'a.jar'), 'jar')
    execFileSync('tar', ['-czf', join(folder, file), '-C', folder, 'kafka_2.13-3.9.2'])
    good = readFileSync(join(folder, file))
    server = createServer((request, response) => {
      const path = decodeURI(request.url ?? '')
      asked.push(path)
      if (path === '/page') response.writeHead(302, { location: '/html' }).end()
      else if (path === '/html') response.end('<html>')
      else if (path === '/cut')
        response.writeHead(200, { 'content-length': String(good.length) }).write(good.subarray(0, 50), () => response.destroy())
      else if (path.startsWith('/good')) response.end(good)
      else response.writeHead(404).end()
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => {
    server.close()
    rmSync(folder, { recursive: true })
  })

  const release = (paths: string[], sha512 = sum(good)): object => ({
    release: { version: '3.9.2', file, urls: paths.map(path => `${base}/${path}`), sha512 },
  })
  const opt = (host: StubHost): string[] => readdirSync(join(host.root, 'opt')).sort()

  it('comes from the first address that has the right file, and is unpacked once', async () => {
    const host = new StubHost(debian)
    host.write('opt/kafka.tgz.killed', 'half')
    host.write('opt/kafka_2.13-3.9.2.new/half', '')
    const context = contextOf(host, release(['missing', 'page', 'cut', 'good']))
    expect(await kafka.check(context)).toHaveLength(1)
    await kafka.apply(context)
    expect(await kafka.check(context)).toEqual([])
    expect(opt(host)).toEqual(['kafka', 'kafka_2.13-3.9.2'])
    expect(readlinkSync(join(host.root, 'opt/kafka'))).toBe(join(host.root, 'opt/kafka_2.13-3.9.2'))
    const before = asked.length
    await kafka.apply(context)
    expect(asked.length).toBe(before)
  })

  it('is refused with both sums, and nothing of it stays', async () => {
    const host = new StubHost(debian)
    const expected = sum(Buffer.from('another file'))
    const failed = kafka.apply(contextOf(host, release(['missing', 'good'], expected)))
    await expect(failed).rejects.toThrow(`expected sha512 ${expected}`)
    await expect(failed).rejects.toThrow(`found    sha512 ${sum(good)}`)
    await expect(failed).rejects.toThrow(/missing: not there/)
    expect(opt(host)).toEqual([])
    await kafka.apply(contextOf(host, release(['good'])))
    expect(opt(host)).toEqual(['kafka', 'kafka_2.13-3.9.2'])
  })

  it('leaves nothing when the disk is full while unpacking, and repairs itself the next time', async () => {
    const host = new StubHost(debian, { missing: ['tar'] })
    host.stub('tar', 'touch "$4/half"; echo "tar: a.jar: Cannot write: No space left on device" >&2; exit 2')
    await expect(kafka.apply(contextOf(host, release(['good'])))).rejects.toThrow('No space left on device')
    expect(opt(host)).toEqual([])
    host.stub('tar', `PATH='${process.env.PATH}' tar "$@"`)
    await kafka.apply(contextOf(host, release(['good'])))
    expect(opt(host)).toEqual(['kafka', 'kafka_2.13-3.9.2'])
  })

  it('takes an address for data, whatever is in it', async () => {
    const host = new StubHost(debian)
    const path = `good/$(touch%20${host.root}/pwned)/{a,b}[1-3]';id`
    await kafka.apply(contextOf(host, release([path])))
    expect(asked.at(-1)).toBe(`/${decodeURI(path)}`)
    expect(host.read('pwned')).toBe('')
    expect(readdirSync(host.root)).not.toContain('pwned')
  })
})
