import { createServer } from 'node:net'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { findHome, startHome, stopHome } from '../lib/home.ts'
import { openLab } from '../lib/lab.ts'
import { createTopic, listTopics } from '../lib/topic.ts'
import { waitFor } from '../lib/wait.ts'
import { temporaryFolder } from './helpers/folder.ts'

const free = { port: 0, kafkaPort: 0 }
const started: string[] = []
afterEach(async () => {
  for (const dir of started.splice(0)) await stopHome(dir)
})

function folder(): string {
  const dir = temporaryFolder()
  started.push(dir)
  return dir
}

describe('the embedded home', () => {
  it('is started once, found again, and stopped', async () => {
    const dir = folder()
    expect(await findHome(dir)).toBeUndefined()
    const home = await startHome(dir, free)
    expect(home).toMatchObject({
      dir,
      region: 'us-east-1',
      brokers: [expect.stringMatching(/^127\.0\.0\.1:\d+$/)],
      endpoint: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    })
    expect(await startHome(dir, free)).toEqual(home)
    expect(await findHome(dir)).toEqual(home)
    expect(await stopHome(dir)).toBe(true)
    expect(await findHome(dir)).toBeUndefined()
    expect(await stopHome(dir)).toBe(false)
  })

  it('keeps its keys to itself, and has others in each folder', async () => {
    const [one, two] = [folder(), folder()]
    const homes = [await startHome(one, free), await startHome(two, free)]
    expect(homes[0].secretAccessKey).not.toBe(homes[1].secretAccessKey)
    for (const file of ['home.json', 'keys.json', 'home.log']) expect(statSync(join(one, file)).mode & 0o077, file).toBe(0)
    expect(readFileSync(join(one, 'home.log'), 'utf8')).not.toContain(homes[0].secretAccessKey)
  })

  it('is one, however many start it at once', async () => {
    const dir = folder()
    const homes = await Promise.all([startHome(dir, free), startHome(dir, free), startHome(dir, free)])
    expect(new Set(homes.map(({ pid }) => pid)).size).toBe(1)
  })

  it('comes back after kill -9 with what it had, the stale file overlooked', async () => {
    const dir = folder()
    const lab = openLab({ dir, kafka: { kind: 'embedded' }, cloud: { kind: 'embedded' } })
    const { pid } = await startHome(dir, free)
    await createTopic(lab, 'kept')
    await lab.close()
    process.kill(pid, 'SIGKILL')
    await waitFor('death', () => !isAlive(pid))
    expect(readFileSync(join(dir, 'home.json'), 'utf8')).toContain(String(pid))
    expect(await findHome(dir)).toBeUndefined()
    const again = await startHome(dir, free)
    expect(again.pid).not.toBe(pid)
    const other = openLab({ dir, kafka: { kind: 'embedded' }, cloud: { kind: 'embedded' } })
    expect(await listTopics(other)).toEqual(['kept'])
    await other.close()
  })

  it('is not found in a file that names another living process', async () => {
    const dir = folder()
    writeFileSync(join(dir, 'home.json'), JSON.stringify({ pid: process.pid, endpoint: 'http://127.0.0.1:1', brokers: [] }))
    expect(await findHome(dir)).toBeUndefined()
    expect((await startHome(dir, free)).pid).not.toBe(process.pid)
  })

  it('says when a port that was asked for is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await new Promise(resolve => taken.once('listening', resolve))
    const { port } = taken.address() as { port: number }
    const dir = folder()
    await expect(startHome(dir, { ...free, port })).rejects.toMatchObject({
      code: 'HOME_START',
      message: `port ${port}: is in use. Choose another with --port, or 0 for a free one.`,
    })
    await expect(startHome(dir, { ...free, kafkaPort: port })).rejects.toThrow(
      `port ${port}: is in use. Choose another with --kafka-port`,
    )
    taken.close()
  })

  it('is found on any port, those too that fetch refuses to talk to', async () => {
    const dir = folder()
    const port = await firstFree(6665, 6666, 6667, 6668, 6669, 6697, 6566, 6000, 10080)
    const home = await startHome(dir, { ...free, port })
    expect(home.endpoint).toBe(`http://127.0.0.1:${port}`)
    expect(await findHome(dir)).toEqual(home)
  })

  it.runIf(process.platform === 'linux')('says when a file system takes no folders', async () => {
    await expect(startHome('/proc/lab/dir', free)).rejects.toMatchObject({ code: 'HOME_DIR' })
  })

  it('says when the folder cannot be written', async () => {
    const file = join(temporaryFolder(), 'file')
    writeFileSync(file, '')
    await expect(startHome(join(file, 'lab'), free)).rejects.toMatchObject({
      code: 'HOME_DIR',
      message: expect.stringContaining('LAB_DIR: cannot be written'),
    })
  })

  it('says which broker property is unknown', async () => {
    await expect(startHome(folder(), { ...free, properties: { 'no.such.property': '1' } })).rejects.toThrow(/no\.such\.property/)
  })
})

async function firstFree(...ports: number[]): Promise<number> {
  for (const port of ports) {
    const server = createServer()
    const isFree = await new Promise<boolean>(resolve => {
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
    })
    if (isFree) return port
  }
  throw new Error('none of these ports is free')
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
