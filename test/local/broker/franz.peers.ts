import { createHash } from 'node:crypto'
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { newTopic } from '../../contract/kafka/steps.ts'
import { unique } from '../../contract/kafka/target.ts'
import { aptInstall, peersDir, run, skipUnless } from '../../helpers/peers.ts'
import { labBroker } from './lab-broker.ts'

const source = join(import.meta.dirname, 'clients', 'franz')
const noGo = skipUnless(aptInstall(['golang-go'], ['go']), 'there is no Go')

/** Builds the client once for each state of its source. */
function build(): string {
  const version = createHash('sha256')
  for (const name of ['main.go', 'go.sum']) version.update(readFileSync(join(source, name)))
  const program = join(peersDir, 'go', `franz-${version.digest('hex').slice(0, 8)}`)
  mkdirSync(join(peersDir, 'go'), { recursive: true })
  if (!existsSync(program)) run('go', ['build', '-o', program, '.'], { cwd: source })
  return program
}

/** Not synchronously: the broker that it talks to lives in this process. */
function franz(server: string, ...args: string[]): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const child = spawn(build(), [server, ...args])
    let out = ''
    let err = ''
    child.stdout.on('data', chunk => (out += chunk))
    child.stderr.on('data', chunk => (err += chunk))
    child.on('error', reject)
    child.on('exit', code => (code === 0 ? resolve(JSON.parse(out)) : reject(new Error(`${args.join(' ')}: ${code} ${err}`))))
  })
}

const numbered = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${prefix}-${i}`)

describe.skipIf(noGo)('franz-go', () => {
  it('produces with every compression, consumes in a group, goes on where it stopped, administers', async () => {
    const broker = await labBroker()
    const server = `${broker.host}:${broker.port}`
    const [topic, group] = [await newTopic(await broker.open(), { partitions: 2 }), unique('franz')]
    const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd']
    for (const codec of codecs) expect(await franz(server, topic, 'produce', codec, codec, '20')).toBe(20)
    const expected = codecs.flatMap(codec => numbered(codec, 20)).sort()
    expect(await franz(server, topic, 'consume', group, '100')).toEqual(expected)
    await franz(server, topic, 'produce', 'more', 'none', '5')
    expect(await franz(server, topic, 'admin', group)).toEqual({ lag: 5, listed: true, partitions: 3, retention: '1000000' })
    expect(await franz(server, topic, 'consume', group, '5')).toEqual(numbered('more', 5))
  })

  it('a transaction that is committed is read, one that is aborted is not', async () => {
    const broker = await labBroker()
    const server = `${broker.host}:${broker.port}`
    const topic = await newTopic(await broker.open())
    expect(await franz(server, topic, 'transaction', 'no', 'abort')).toBe(false)
    expect(await franz(server, topic, 'transaction', 'yes', 'commit')).toBe(true)
    expect(await franz(server, topic, 'consume', unique('tx'), '1')).toEqual(['yes'])
  })
})
