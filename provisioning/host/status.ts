import { readFileSync } from 'node:fs'
import { errorMessage } from '../../lib/errors.ts'
import { describeBrokers } from '../kafka/client.ts'
import { ballast } from './04-user.ts'
import { advertisedAddress } from './09-broker.ts'
import { accessAs, type HostContext, kafkaPort } from './context.ts'

/** The least room that keeps the broker safe: two log segments. */
const roomMiB = 128

/** The host's state in words for a person, and whether all is well. */
export async function hostStatus(context: HostContext): Promise<{ lines: string[]; healthy: boolean }> {
  const facts = await readFacts(context)
  const units = context.kraft ? ['lab-kafka'] : ['lab-zookeeper', 'lab-kafka']
  const lines = units.map(unit => {
    const [state, memory, since, restarts] = ['', '.memory', '.since', '.restarts'].map(fact => facts[unit + fact])
    return `${unit}: ${state}${since ? ` since ${since}` : ''}, ${memory} MiB, ${restarts} restarts`
  })
  const freeMiB = Number(facts.free)
  lines.push(`memory: ${facts.memory}; disk: ${freeMiB} MiB free of ${facts.disk}; booted ${facts.booted}`)
  const problems = units.filter(unit => facts[unit] !== 'active').map(unit => `${unit} does not run (journalctl -u ${unit})`)
  if (freeMiB < roomMiB) {
    problems.push(
      `the disk is full: ${freeMiB} MiB free, Kafka wants ${roomMiB}. Make room (delete ${ballast} for the first 64 MiB, then topics or other files); the broker comes back by itself`,
    )
  }
  const answer = await reach(context)
  lines.push(...problems.map(problem => `PROBLEM ${problem}`), answer.line)
  return { lines, healthy: problems.length === 0 && answer.ok }
}

async function readFacts({ host }: HostContext): Promise<Record<string, string>> {
  const shown = await host.run`for unit in lab-zookeeper lab-kafka; do
      echo "$unit=$(systemctl is-active "$unit" || true)"
      echo "$unit.restarts=$(systemctl show -P NRestarts "$unit")"
      echo "$unit.since=$(systemctl show -P ActiveEnterTimestamp "$unit")"
      pid=$(systemctl show -P MainPID "$unit")
      echo "$unit.memory=$(awk '/^VmRSS/ { print int($2 / 1024) }' "/proc/$pid/status" 2>/dev/null || echo 0)"
    done
    echo "memory=$(free -m | awk '/^Mem/ { print $7 " MiB available of " $2 }')"
    echo "booted=$(systemctl show -P UserspaceTimestamp)"
    df --output=avail,size -m /var/lib/kafka | awk 'NR == 2 { print "free=" $1; print "disk=" $2 " MiB" }'`
  return Object.fromEntries(shown.split('\n').map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]))
}

async function reach(context: HostContext): Promise<{ ok: boolean; line: string }> {
  try {
    const address = await advertisedAddress(context)
    const ca = context.secure ? readFileSync(context.caFile, 'utf8') : ''
    const began = performance.now()
    const brokers = await describeBrokers(accessAs('lab', context, address, ca))
    const ok = brokers.includes(`${address}:${kafkaPort}`)
    return {
      ok,
      line: ok
        ? `Kafka answers on ${address}:${kafkaPort} after ${Math.round(performance.now() - began)} ms`
        : `PROBLEM Kafka on ${address}:${kafkaPort} names ${brokers.join(', ') || 'no broker'}`,
    }
  } catch (error) {
    return { ok: false, line: `PROBLEM Kafka does not answer this machine: ${errorMessage(error)}` }
  }
}
