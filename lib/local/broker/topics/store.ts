import { existsSync, readFileSync, readdirSync, renameSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { readCheckpoint, recoveryPointFile, startOffsetFile, writeCheckpoint, type Offsets } from '../log/checkpoint.ts'
import { markClosed, markOpen, mayTrustFiles } from '../log/boot.ts'
import { replaceFile } from '../log/files.ts'
import { Log } from '../log/log.ts'
import { OpenFiles } from '../log/open-files.ts'
import type { Properties } from '../properties.ts'
import { effectiveValue, logConfig } from './effective.ts'
import type { Topic } from './topic.ts'

interface StoredTopic {
  name: string
  partitions: number
  configs: Record<string, string>
}

const topicsFile = 'topics.json'

/** Topics, their configs and the logs of their partitions. What Kafka keeps of them in ZooKeeper is in `topics.json`. */
export class Topics {
  readonly dir: string
  readonly #properties: Properties
  readonly #report: (line: string) => void
  readonly #files = new OpenFiles()
  readonly #topics = new Map<string, Topic>()
  readonly #logConfigs = new Map<string, ReturnType<typeof logConfig>>()
  readonly #removals = new Set<Promise<void>>()

  constructor(dir: string, properties: Properties, report: (line: string) => void) {
    this.dir = dir
    this.#properties = properties
    this.#report = report
    const trusted = mayTrustFiles(dir)
    if (!trusted) report('the machine went down while the broker ran: all logs are checked from their beginning')
    const recoveryPoints: Offsets = trusted ? readCheckpoint(dir, recoveryPointFile) : new Map()
    const startOffsets = readCheckpoint(dir, startOffsetFile)
    for (const name of readdirSync(dir)) if (name.endsWith('-delete')) this.#remove(join(dir, name))
    for (const stored of readTopics(dir)) {
      const topic: Topic = { name: stored.name, configs: stored.configs, partitions: [] }
      this.#topics.set(topic.name, topic)
      for (let i = 0; i < stored.partitions; i++) topic.partitions.push(this.#open(topic, i, recoveryPoints, startOffsets))
    }
    markOpen(dir)
  }

  #open(topic: Topic, index: number, recoveryPoints?: Offsets, startOffsets?: Offsets): Log {
    const name = `${topic.name}-${index}`
    return new Log({
      dir: join(this.dir, name),
      name,
      config: () => this.#logConfig(topic),
      files: this.#files,
      log: this.#report,
      recoveryPoint: recoveryPoints?.get(name) ?? 0,
      startOffset: startOffsets?.get(name) ?? 0,
    })
  }

  #logConfig(topic: Topic): ReturnType<typeof logConfig> {
    let config = this.#logConfigs.get(topic.name)
    if (!config) this.#logConfigs.set(topic.name, (config = logConfig(topic, this.#properties)))
    return config
  }

  get(name: string): Topic | undefined {
    return this.#topics.get(name)
  }

  list(): Topic[] {
    return [...this.#topics.values()]
  }

  partition(topic: string, index: number): Log | undefined {
    return this.#topics.get(topic)?.partitions[index]
  }

  logs(): Log[] {
    return this.list().flatMap(topic => topic.partitions)
  }

  /** The value that acts: the topic's own, the broker's, or the default. */
  configValue(topic: Topic, name: string): string {
    return effectiveValue(topic, name, this.#properties)
  }

  /** Names and configs must have been checked. */
  create(name: string, partitions: number, configs: Record<string, string>): Topic {
    const topic: Topic = { name, configs, partitions: [] }
    for (let i = 0; i < partitions; i++) {
      const folder = join(this.dir, `${name}-${i}`)
      if (existsSync(folder)) this.#discard(folder)
      topic.partitions.push(this.#open(topic, i))
    }
    this.#topics.set(name, topic)
    this.#save()
    return topic
  }

  addPartitions(topic: Topic, count: number): void {
    while (topic.partitions.length < count) topic.partitions.push(this.#open(topic, topic.partitions.length))
    this.#save()
  }

  setConfigs(topic: Topic, configs: Record<string, string>): void {
    topic.configs = configs
    this.#logConfigs.delete(topic.name)
    this.#save()
  }

  delete(name: string): void {
    const topic = this.#topics.get(name)
    if (!topic) return
    this.#topics.delete(name)
    this.#logConfigs.delete(name)
    this.#save()
    for (const log of topic.partitions) {
      log.detach()
      this.#discard(log.dir)
    }
    this.saveStartOffsets()
  }

  /** Renamed at once, so that a topic of the same name starts empty; removed in the background. */
  #discard(folder: string): void {
    const doomed = `${folder}.${randomUUID().replaceAll('-', '')}-delete`
    renameSync(folder, doomed)
    this.#remove(doomed)
  }

  #remove(folder: string): void {
    const removal = rm(folder, { recursive: true, force: true }).catch((error: Error) =>
      this.#report(`${folder}: not removed: ${error.message}`),
    )
    this.#removals.add(removal)
    void removal.then(() => this.#removals.delete(removal))
  }

  #save(): void {
    const topics: StoredTopic[] = this.list().map(({ name, partitions, configs }) => ({
      name,
      partitions: partitions.length,
      configs,
    }))
    replaceFile(join(this.dir, topicsFile), JSON.stringify({ version: 1, topics }, null, 1))
  }

  saveRecoveryPoints(): void {
    // not durable: after a power cut an older one only means more to check
    writeCheckpoint(this.dir, recoveryPointFile, new Map(this.logs().map(log => [log.name, log.recoveryPoint])), {
      durable: false,
    })
  }

  /** Start offsets that a segment's name does not tell (DeleteRecords). */
  saveStartOffsets(): void {
    const moved = this.logs().filter(log => log.startOffset > log.segments[0]!.baseOffset)
    writeCheckpoint(this.dir, startOffsetFile, new Map(moved.map(log => [log.name, log.startOffset])))
  }

  /** Waits for removals and closes all files; with `flushed` the next start may trust them whatever happens to the machine. */
  async close({ flushed }: { flushed: boolean }): Promise<void> {
    for (const log of this.logs()) log.detach()
    await Promise.all(this.#removals)
    this.#files.closeAll()
    if (flushed && existsSync(this.dir)) markClosed(this.dir)
  }
}

function readTopics(dir: string): StoredTopic[] {
  const path = join(dir, topicsFile)
  if (!existsSync(path)) return []
  const { version, topics } = JSON.parse(readFileSync(path, 'utf8')) as { version: number; topics: StoredTopic[] }
  if (version !== 1) throw new Error(`${path}: version ${version} where 1 is expected; it was written by another release`)
  return topics
}
