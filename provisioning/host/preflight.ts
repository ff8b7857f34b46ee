import { LabError } from '../../lib/errors.ts'
import type { HostContext } from './context.ts'
import type { Host } from './ssh.ts'

/** What a host is and has, before anything is changed. */
export interface HostFacts {
  /** `debian` (apt) or `amazon` (dnf). */
  family: 'debian' | 'amazon'
  /** How its broker keeps its metadata; undefined without data. */
  kind?: 'zookeeper' | 'kraft'
  /** Whether the broker is set up with TLS, passwords and ACLs; undefined when it is not set up. */
  secure?: boolean
}

/** Looks at the host; throws when it is none that the steps know. */
export async function lookAtHost(host: Host): Promise<HostFacts> {
  const shown = await host.run`ID= ID_LIKE= PRETTY_NAME=; [ ! -r /etc/os-release ] || . /etc/os-release
    printf 'name=%s\n' "\${PRETTY_NAME:-an unknown system}"
    case " $ID $ID_LIKE " in
      *' amzn '*) command -v dnf >/dev/null && echo family=amazon || true ;;
      *' debian '*|*' ubuntu '*) echo family=debian ;;
    esac
    [ ! -d /run/systemd/system ] || echo systemd=yes
    meta=/var/lib/kafka/meta.properties settings=/etc/lab/server.properties
    if grep -qs '^broker.id=' "$meta"; then echo kind=zookeeper; elif grep -qs '^node.id=' "$meta"; then echo kind=kraft; fi
    if grep -qs 'EXTERNAL.*SASL_SSL' "$settings"; then echo secure=yes; elif [ -e "$settings" ]; then echo secure=no; fi`
  const facts = Object.fromEntries(
    shown.split('\n').map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )
  const { name = '', family, systemd, kind, secure } = facts as Record<string, string | undefined>
  if (family !== 'debian' && family !== 'amazon')
    throw new LabError('HOST', `Kafka host: expected Amazon Linux 2023, Debian or Ubuntu, got ${name}. Nothing was changed.`)
  if (!systemd)
    throw new LabError(
      'HOST',
      `Kafka host: ${name} runs without systemd (a plain container?), which keeps Kafka alive. Nothing was changed.`,
    )
  return {
    family,
    ...((kind === 'zookeeper' || kind === 'kraft') && { kind }),
    ...(secure && { secure: secure === 'yes' }),
  }
}

/** Throws when the host cannot become what is wanted: data of a broker with ZooKeeper mean nothing to KRaft, and the reverse. */
export function refuseOtherKind({ kind }: HostFacts, kraft: boolean): void {
  if (!kind || (kind === 'kraft') === kraft) return
  const [has, way] = kind === 'kraft' ? ['with KRaft', 'with --kraft'] : ['with ZooKeeper', 'without --kraft']
  throw new LabError(
    'HOST',
    `Kafka host: it has data of a broker ${has}, which the other kind cannot read. Go on ${way}; or give the data up: on the host, systemctl stop lab-kafka, then delete everything in /var/lib/kafka. Nothing was changed.`,
  )
}

/** Looks before the first step; answers a sentence about what is given up, if anything is. */
export async function preflight({ host, kraft, secure }: HostContext): Promise<string | undefined> {
  const facts = await lookAtHost(host)
  refuseOtherKind(facts, kraft)
  if (facts.secure && !secure)
    return 'WARNING: this host asked for TLS and passwords until now (--secure); from here on whoever reaches its port may do everything'
  return undefined
}
