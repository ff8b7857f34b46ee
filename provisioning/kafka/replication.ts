import { LabError } from '../../lib/errors.ts'
import { LocalCluster } from './cluster.ts'
import { findJava } from './java.ts'
import { tryLock, withLock } from './lock.ts'
import { installRelease, readRelease } from './releases.ts'
import { type Outcome, playScenario, type Scenario, scenarios, type Setting } from './replication-drill.ts'
import { drillDir, kafkaDir } from './this-machine.ts'

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
 * flow; counts the acknowledged messages that are not in the topic afterwards. Interrupted it leaves nothing behind.
 */
export async function replication(options: ReplicationOptions, say: (line: string) => void = console.log): Promise<Outcome[]> {
  const java = findJava()
  const release = await readRelease(options.version, options.releases)
  const unlock = tryLock(kafkaDir(), 'replication')
  if (!unlock) throw new LabError('RUNNING', 'Kafka: a replication drill runs already. Wait for its end.')
  try {
    const home = await withLock(kafkaDir(), 'cluster', say, () => installRelease(release, kafkaDir(), say))
    const cluster = await freshCluster(home, java)
    return await interruptible(cluster, say, () => playAll(cluster, options, say))
  } finally {
    unlock()
  }
}

/** Three brokers without data; what a drill that was killed left is stopped. */
async function freshCluster(home: string, java: string): Promise<LocalCluster> {
  const dir = drillDir()
  // a short session only shortens the wait: a dead broker is noticed when its session ends
  const spec = { dir, home, java, brokers: 3, kraft: false, sessionMs: 3000, deadlineMs: 180_000 }
  const left = await LocalCluster.open(spec)
  await left.stop('SIGKILL')
  left.wipe()
  return LocalCluster.open(spec)
}

/** Runs `work`; at its end, and when a signal comes first (exit code 130, 143 or 129), the brokers are killed and their data deleted. */
async function interruptible<T>(cluster: LocalCluster, say: (line: string) => void, work: () => Promise<T>): Promise<T> {
  const signals = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const
  let ending: Promise<void> | undefined
  const end = (): Promise<void> => (ending ??= cluster.abort().then(() => cluster.wipe()))
  const giveUp = (signal: NodeJS.Signals): void => {
    if (!ending) say('interrupted: killing the brokers, deleting their data')
    void end().finally(() => process.exit(signals[signal as keyof typeof signals]))
  }
  for (const signal of Object.keys(signals)) process.on(signal, giveUp)
  try {
    return await work()
  } finally {
    await end()
    for (const signal of Object.keys(signals)) process.removeListener(signal, giveUp)
  }
}

async function playAll(
  cluster: LocalCluster,
  { scenarios, runs }: ReplicationOptions,
  say: (line: string) => void,
): Promise<Outcome[]> {
  const began = performance.now()
  const progress = (line: string): void => say(`${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s  ${line}`)
  progress('start ZooKeeper and three brokers')
  await cluster.start(say)
  const outcomes: Outcome[] = []
  for (const scenario of scenarios) {
    say(`\n${scenario}: ${stories[scenario]}`)
    const played: Outcome[][] = []
    for (let run = 0; run < runs; run++) {
      if (runs > 1) progress(`run ${run + 1} of ${runs}`)
      played.push(await playScenario(cluster, scenario, run % 3, { say: progress }))
    }
    say('')
    for (const line of table(scenario, played)) say(line)
    outcomes.push(...played.flat())
  }
  say('')
  for (const line of conclusion(outcomes)) say(line)
  return outcomes
}

/** What the numbers of these runs say, a sentence for each kind of setting; nothing is claimed that was not counted. */
export function conclusion(outcomes: Outcome[]): string[] {
  const kinds: [string, (outcome: Outcome) => boolean][] = [
    ['rf 3, min.insync.replicas 2, acks all', isSafest],
    ['rf 3, min.insync.replicas 1 or acks 1', o => o.replicationFactor === 3 && o.acks !== 0 && !o.unclean && !isSafest(o)],
    ['the same with unclean elections', o => o.replicationFactor === 3 && o.acks !== 0 && o.unclean && !isSafest(o)],
    ['rf 3, acks 0', o => o.replicationFactor === 3 && o.acks === 0],
    ['rf 1, the process dies', o => o.replicationFactor === 1 && o.scenario === 'crash'],
    ['rf 1, the disk is lost', o => o.replicationFactor === 1 && o.scenario === 'disk'],
  ]
  const lines = kinds.flatMap(([name, holds]) => {
    const some = outcomes.filter(holds)
    return some.length ? [`${name}: ${countedLoss(some)}`] : []
  })
  return ['acknowledged messages lost:', ...lines.map(line => `  ${line}`), ...meaning(outcomes)]
}

function countedLoss(outcomes: Outcome[]): string {
  const sum = (of: (outcome: Outcome) => number): number => outcomes.reduce((total, outcome) => total + of(outcome), 0)
  const [lost, acknowledged] = [sum(outcome => outcome.lost), sum(outcome => outcome.acknowledged)]
  const refused = outcomes.filter(({ errors }) => errors.includes('NOT_ENOUGH_REPLICAS')).length
  const counted = lost === 0 ? 'none' : lost === acknowledged ? 'all' : String(lost)
  return `${counted} of ${acknowledged}${refused ? ` (refused with NOT_ENOUGH_REPLICAS instead of taken and lost: ${refused} times)` : ''}`
}

const isSafest = ({ replicationFactor, minInsyncReplicas, acks }: Setting): boolean =>
  replicationFactor === 3 && minInsyncReplicas === 2 && acks === -1

function meaning(outcomes: Outcome[]): string[] {
  const safe = outcomes.filter(isSafest)
  if (!safe.length || safe.some(({ lost }) => lost > 0)) return []
  return [
    'Replication is not redundant, and not enough by itself: a copy survives a lost disk, but only min.insync.replicas 2 with',
    'acks all makes an acknowledgement mean that there is one. The price: no writing while two of three brokers are down.',
  ]
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
