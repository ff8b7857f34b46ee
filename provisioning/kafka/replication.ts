import { join } from 'node:path'
import { LocalCluster } from './cluster.ts'
import { findJava } from './java.ts'
import { installRelease, readRelease } from './releases.ts'
import { type Outcome, playScenario, type Scenario, scenarios } from './replication-drill.ts'
import { kafkaDir } from './this-machine.ts'

export interface ReplicationOptions {
  scenarios: Scenario[]
  /** How often each scenario is played; the broker that dies changes each time. */
  runs: number
  version?: string
  releases?: string
}

const stories: Record<Scenario, string> = {
  crash: "the leader's process dies and comes back with its disk",
  disk: 'the leader dies and its disk is lost',
  double: 'both followers die first, then the leader; one follower comes back first',
}

/**
 * `kafka replication`: is replication redundant? Three brokers of its own, numbered messages, kill -9 of the leader while they
 * flow; counts the acknowledged messages that are not in the topic afterwards.
 */
export async function replication(options: ReplicationOptions, say = console.log): Promise<Outcome[]> {
  const java = findJava()
  const home = await installRelease(await readRelease(options.version, options.releases), kafkaDir(), say)
  const dir = join(kafkaDir(), `replication-${process.pid}`)
  // a short session only shortens the wait: a dead broker is noticed when its session ends
  const cluster = await LocalCluster.open({ dir, home, java, brokers: 3, kraft: false, sessionMs: 3000 })
  const giveUp = (): void => void cluster.stop('SIGKILL').finally(() => process.exit(130))
  process.once('SIGINT', giveUp)
  try {
    say('start three brokers')
    await cluster.start()
    const outcomes: Outcome[] = []
    for (const scenario of options.scenarios) {
      say(`\n${scenario}: ${stories[scenario]}`)
      const runs: Outcome[][] = []
      for (let run = 0; run < options.runs; run++) runs.push(await playScenario(cluster, scenario, run % 3))
      for (const line of table(scenario, runs)) say(line)
      outcomes.push(...runs.flat())
    }
    return outcomes
  } finally {
    process.removeListener('SIGINT', giveUp)
    await cluster.stop('SIGKILL')
    cluster.wipe()
  }
}

/** The outcomes of a scenario as lines of text: one setting a line, its runs side by side. */
export function table(scenario: Scenario, runs: Outcome[][]): string[] {
  const head = ['replication.factor', 'min.insync.replicas', 'unclean', 'acks', 'acknowledged', 'lost', 'outage', 'errors']
  const rows = scenarios[scenario].map((setting, index) => {
    const outcomes = runs.map(run => run[index] as Outcome)
    const each = (show: (outcome: Outcome) => string): string => outcomes.map(show).join(' ')
    return [
      String(setting.replicationFactor),
      String(setting.minInsyncReplicas),
      setting.unclean ? 'yes' : 'no',
      setting.acks === -1 ? 'all' : String(setting.acks),
      each(({ acknowledged }) => String(acknowledged)),
      each(({ lost, acknowledged }) => (lost > 0 && lost === acknowledged ? 'all' : String(lost))),
      each(({ outageMs }) => (outageMs === null ? '-' : `${(outageMs / 1000).toFixed(1)} s`)),
      [...new Set(outcomes.flatMap(({ errors }) => errors))].join(' ') || '-',
    ]
  })
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map(row => (row[column] as string).length)))
  return [head, ...rows].map(row =>
    row
      .map((cell, column) => cell.padEnd(widths[column] as number))
      .join('  ')
      .trimEnd(),
  )
}
