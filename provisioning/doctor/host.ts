import { existsSync } from 'node:fs'
import { errorMessage } from '../../lib/errors.ts'
import { javaVersion } from '../kafka/java.ts'
import type { Host } from '../host/ssh.ts'
import { count, type Finding, fine, isWrong, wrong } from './finding.ts'
import { keyModeFinding, memoryFinding, versionFinding } from './machine.ts'
import { probe, type Reach } from './probe.ts'

/** A host that Kafka runs on, and how ssh gets there. */
export interface HostPlace {
  host: Host
  kraft: boolean
  sshPort?: number
  kafkaPort?: number
  /** The host is reached through an ssh configuration of one's own: its address says nothing about ports. */
  viaConfig?: boolean
}

/** Less than two log segments, and Kafka stops with a fault nobody understands. */
const roomMiB = 128

/** Looks at a Kafka host from outside and then, over ssh, from inside. Changes nothing there. */
export async function examineHost(place: HostPlace): Promise<Finding[]> {
  const { host, viaConfig, sshPort = 22, kafkaPort = 9092 } = place
  const { keyFile, host: address } = host.target
  const key = keyFile && existsSync(keyFile) ? keyModeFinding(keyFile) : []
  if (keyFile && !existsSync(keyFile))
    return [wrong(`${keyFile}: there is no such key`, 'a typing error, or it was moved', 'give its path with --key')]
  if (key.length) return key
  const ports = viaConfig ? [] : await Promise.all([sshPort, kafkaPort].map(port => lookAtPort(address, port, port === sshPort)))
  if (ports.slice(0, 1).some(isWrong)) return ports
  return [...ports, ...(await lookInside(place))]
}

const portFixes: Record<Exclude<Reach, 'open'>, [cause: string, fix: string]> = {
  timeout: [
    'nothing answers at all: no rule of the security group for your address of today, no public address, or the host is stopped',
    'npx tickerlake aws start puts your address in (by hand: <your address>/32, never 0.0.0.0/0)',
  ],
  refused: [
    'the host answers, but no such service listens',
    'is it still booting? Is the service running (npx tickerlake kafka host status)?',
  ],
  'unknown host': ['the name is not known here; ip-172-31-… names are known inside of AWS only', 'use the public address'],
  'no route': ['no way leads there', 'check the address and your network'],
}

async function lookAtPort(address: string, port: number, isSsh: boolean): Promise<Finding> {
  const reach = await probe(address, port)
  const what = `${address}: port ${port} (${isSsh ? 'ssh' : 'Kafka'})`
  return reach === 'open' ? fine(`${what} is open`) : wrong(`${what}: ${reach}`, ...portFixes[reach])
}

async function lookInside({ host, kraft }: HostPlace): Promise<Finding[]> {
  try {
    const facts = parseFacts(await askFacts(host))
    return [
      systemFinding(facts),
      javaFinding(facts),
      ...(facts.version ? versionFinding(facts.version, kraft || facts.kraft === 'yes') : []),
      ...memoryOf(facts),
      diskFinding(facts),
      ...serviceFindings(facts, kraft),
      ...logFindings(facts.log ?? ''),
    ]
  } catch (error) {
    const [symptom, ...rest] = errorMessage(error).split('\n')
    return [
      wrong(
        symptom!,
        rest.join(' ') || 'ssh says so',
        'user and key: ec2-user on Amazon Linux, admin on Debian, ubuntu on Ubuntu; chmod 600 the key',
      ),
    ]
  }
}

/** One script, so that one look costs one round trip. The log comes last: it has many lines. */
const askFacts = (host: Host): Promise<string> => host.run`
    . /etc/os-release 2>/dev/null || true
    echo "system=\${PRETTY_NAME:-unknown}"
    echo "packages=$(command -v dnf apt-get yum 2>/dev/null | head -n 1 || true)"
    echo "java=$(java -version 2>&1 | head -n 1 || true)"
    echo "version=$(readlink -f /opt/kafka 2>/dev/null | sed -n 's/.*-\\([0-9][0-9.]*\\)$/\\1/p' || true)"
    echo "kraft=$(grep -qs '^process.roles' /etc/lab/server.properties && echo yes || true)"
    total=$(awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo)
    limit=$(cat /sys/fs/cgroup/memory.max 2>/dev/null || echo max)
    case "$limit" in max) ;; *) limit=$((limit / 1048576)); [ "$limit" -lt "$total" ] && total=$limit ;; esac
    echo "memory=$total"
    echo "swap=$(awk '/^SwapTotal/ { print int($2 / 1024) }' /proc/meminfo)"
    echo "heaps=$(ps -C java -o args= 2>/dev/null | grep -o -- '-Xmx[0-9]*[kKmMgG]' | tr '\\n' ' ' || true)"
    folder=/var/lib/kafka; [ -d "$folder" ] || folder=/
    echo "free=$(df --output=avail -m "$folder" | tail -n 1 | tr -d ' ')"
    for unit in lab-zookeeper lab-kafka; do
      echo "\${unit#lab-}=$(systemctl is-active "$unit" 2>/dev/null || true)"
      echo "\${unit#lab-}.restarts=$(systemctl show -P NRestarts "$unit" 2>/dev/null || true)"
    done
    echo "log=$( (journalctl -u lab-kafka -u lab-zookeeper -b -n 400 --no-pager -o cat; journalctl -k -b -n 200 --no-pager -o cat | grep -i 'killed process') 2>/dev/null || true)"`

type Facts = Record<string, string>

/** `name=value` lines; `log` has everything that comes after it. */
export function parseFacts(text: string): Facts {
  const at = text.search(/^log=/m)
  const head = at < 0 ? text : text.slice(0, at)
  const pairs = head.split('\n').filter(line => line.includes('='))
  return {
    ...Object.fromEntries(pairs.map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1).trim()])),
    log: at < 0 ? '' : text.slice(at + 4),
  }
}

function systemFinding({ system = '', packages = '' }: Facts): Finding {
  const installer = packages.split('/').at(-1)
  if (installer === 'dnf' || installer === 'apt-get') return fine(`${system}: packages come with ${installer}`)
  return wrong(
    `${system || 'the system'} has neither dnf nor apt-get`,
    installer === 'yum'
      ? 'Amazon Linux 2 or older: amazon-linux-extras is there, and gone in Amazon Linux 2023'
      : 'a system the lab does not know',
    'take Amazon Linux 2023, Debian or Ubuntu',
  )
}

function javaFinding({ java = '' }: Facts): Finding {
  const version = javaVersion(java)
  if (version !== undefined && version >= 17) return fine(`Java ${version}`)
  return wrong(
    version === undefined ? 'there is no Java on the host' : `Java ${version} on the host`,
    'Kafka 3.9 wants 17 (8 and 11 are deprecated, Kafka 4 does not start on them: UnsupportedClassVersionError)',
    'Amazon Linux 2023: dnf install java-17-amazon-corretto-headless (amazon-linux-extras is gone); Debian: apt-get install openjdk-17-jre-headless',
  )
}

function memoryOf({ memory, swap, heaps = '' }: Facts): Finding[] {
  const heapsMiB = heaps.split(' ').flatMap(flag => {
    const [, size, unit] = /^-Xmx(\d+)([kKmMgG])$/.exec(flag) ?? []
    if (!size) return []
    return [Math.round(Number(size) * { k: 1 / 1024, m: 1, g: 1024 }[unit!.toLowerCase() as 'k' | 'm' | 'g'])]
  })
  if (heapsMiB.length === 0) return []
  return memoryFinding({ where: 'the host', totalMiB: Number(memory), swapMiB: Number(swap), heapsMiB })
}

function diskFinding({ free }: Facts): Finding {
  const freeMiB = Number(free)
  if (freeMiB >= roomMiB) return fine(`${freeMiB} MiB free on the host's disk`)
  return wrong(
    `the host's disk is full: ${freeMiB} MiB free, Kafka wants ${roomMiB}`,
    'retention keeps more than fits; Kafka then ends with "a fault occurred in an unsafe memory access operation"',
    'delete /var/lib/lab-ballast there for the first 64 MiB, then topics; the broker comes back by itself',
  )
}

function serviceFindings(facts: Facts, kraft: boolean): Finding[] {
  const units = kraft || facts.kraft === 'yes' ? ['kafka'] : ['zookeeper', 'kafka']
  return units.map(unit => {
    const restarts = Number(facts[`${unit}.restarts`] || 0)
    if (facts[unit] === 'active') return fine(`${unit} runs, ${count(restarts, 'restart')} since the boot`)
    return wrong(
      `${unit} is ${facts[unit] || 'not installed'} on the host`,
      'it was not set up, or cannot start; started by hand in a shell it dies with the window',
      `npx tickerlake kafka host up; its words: journalctl -u lab-${unit}`,
    )
  })
}

// facts/provisioning, learner errors: what the log says and what it means
const knownLines: [RegExp, cause: string, fix: string][] = [
  [
    /InconsistentClusterIdException/,
    "ZooKeeper's data were lost (they lay in /tmp?) while the broker's were kept",
    'keep both out of /tmp; to go on, delete the log folder (its records too) or meta.properties in it',
  ],
  [
    /InconsistentBrokerIdException/,
    'broker.id was changed after its data were written',
    'put the old id back, or delete meta.properties',
  ],
  [
    /NodeExistsException/,
    'the broker came back before ZooKeeper had forgotten the one that died',
    'wait: systemd tries again; zookeeper.session.timeout.ms=6000 makes that short',
  ],
  [
    /ZooKeeperClientTimeoutException/,
    'ZooKeeper is down, slow, or not at 127.0.0.1:2181',
    'start it first, and wait for its port',
  ],
  [/NoSuchFileException: \/tmp\//, 'something cleaned /tmp, where log.dirs points to', 'log.dirs=/var/lib/kafka'],
  [
    /errno=12|Killed process \d+ \(java\)|OutOfMemoryError|insufficient memory for the Java/i,
    'the heaps are too large for this host',
    "KAFKA_HEAP_OPTS='-Xmx256M -Xms128M' for the broker, less for ZooKeeper, and a swap file: npx tickerlake kafka host up",
  ],
  [/Map failed/, 'too many mapped files', 'sysctl vm.max_map_count=262144'],
  [/unsafe memory access operation|No space left on device/, 'the disk was full', 'make room; smaller log.retention.bytes'],
  [/UnsupportedClassVersionError|Unrecognized VM option/, 'Kafka and Java do not fit', 'Java 17 with Kafka 3.9'],
  [/zookeeper is not a recognized option/, 'the option went with Kafka 3.0', 'use --bootstrap-server'],
]

/** Old troubles stay in the log, so a line counts only when nothing after it says that the broker started. */
function logFindings(log: string): Finding[] {
  const since = log.slice(Math.max(0, log.lastIndexOf('started (kafka.server')))
  return knownLines.flatMap(([pattern, cause, fix]) => {
    const line = since.split('\n').findLast(text => pattern.test(text))
    return line ? [wrong(`the host's log: ${line.trim().slice(0, 160)}`, cause, fix)] : []
  })
}
