import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createTopic, encodeQuote, produceRaw } from '../../../lib/index.ts'
import { loadKafkajs } from '../../../lib/kafkajs.ts'
import { setUpHost, showHost } from '../../../provisioning/host/set-up.ts'
import { run, skipUnless } from '../../helpers/peers.ts'
import { someQuotes } from '../../helpers/quotes.ts'
import { walk } from '../walk.ts'
import { Drill, drillProblem, recordsOf, roundTrip, within } from './drill.ts'

// a busy machine needs ten times what an idle one does
vi.setConfig({ testTimeout: 1_200_000, hookTimeout: 600_000 })

const problem = drillProblem()
const skip = skipUnless(problem === undefined, problem ?? '')

describe.skipIf(skip)('a bare host with 800 MiB, plain', () => {
  const drill = new Drill(11, { secure: false, kraft: false })
  beforeAll(() => drill.start())
  afterAll(() => drill.remove())

  it('changes nothing in a dry run, there or here', async () => {
    const before = drill.files()
    for (const mode of [{}, { secure: true }, { kraft: true }]) {
      const said: string[] = []
      const dir = join(drill.dir, 'dry')
      const { changed, ok } = await setUpHost({ ...drill.options, ...mode, dir, dryRun: true }, (line: string) => said.push(line))
      expect({ changed: changed > 5, ok, dir: existsSync(dir) }, said.join('\n')).toEqual({ changed: true, ok: 0, dir: false })
    }
    expect(drill.files()).toBe(before)
    expect(await showHost(drill.options, () => {})).toBe(false)
  })

  it('says in one sentence why ssh does not let one in', async () => {
    const other = join(drill.dir, "other $(touch pwned) 100%h key's")
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', other])
    const open = join(drill.dir, 'open')
    writeFileSync(open, readFileSync(drill.host.key), { mode: 0o644 })
    const changed = join(drill.dir, 'changed')
    mkdirSync(changed)
    writeFileSync(join(changed, 'known_hosts'), `${drill.host.address} ${readFileSync(`${other}.pub`, 'utf8')}`)
    drill.host.ssh('useradd -m -s /bin/bash nosudo; cp -r /home/ec2-user/.ssh /home/nosudo; chown -R nosudo: /home/nosudo/.ssh')
    const sentences = {
      'another key': await drill.refusal({ key: other }),
      'a key that others can read': await drill.refusal({ key: open }),
      'no such key': await drill.refusal({ key: '/no such/key' }),
      'a changed host': await drill.refusal({ dir: changed }),
      'a user without sudo': await drill.refusal({ host: `nosudo@${drill.host.address}` }),
      'no such host': await drill.refusal({ host: 'nowhere.invalid', firewalled: true }),
    }
    console.log(sentences)
    const causes = [
      /key is not right|the key .* must belong/,
      /chmod 600/,
      /there is no file/,
      /ssh-keygen -R/,
      /may not sudo/,
      /No such name/,
    ]
    Object.values(sentences).forEach((sentence, index) => {
      expect(sentence).toMatch(causes[index] as RegExp)
      expect(sentence).not.toContain('\n')
    })
  })

  it('serves the lab in under three minutes', async () => {
    const began = performance.now()
    const { changed, said } = await drill.setUp()
    expect(changed).toBeGreaterThan(5)
    const lab = await drill.openLab()
    console.log(await roundTrip(lab, 'lesson-first', 10_000))
    await lab.close()
    const seconds = (performance.now() - began) / 1000
    console.log(`bare to produced and consumed: ${seconds.toFixed(1)} s\n${said.join('\n')}`)
    expect(seconds).toBeLessThan(within(180))
  })

  it('changes and restarts nothing the second time', async () => {
    const before = drill.serviceStarts()
    const { changed, seconds } = await drill.setUp()
    console.log(`second run: ${seconds.toFixed(1)} s`)
    expect(changed).toBe(0)
    expect(drill.serviceStarts()).toBe(before)
  })

  it('has steps that run alone, with nothing left to change', () => {
    const folder = join(import.meta.dirname, '../../../provisioning/host')
    const { host, key, releases } = drill.options
    const env = { LAB_DIR: join(drill.dir, 'alone') }
    for (const file of readdirSync(folder)
      .filter(name => /^\d\d-/.test(name))
      .sort())
      expect(
        run(process.execPath, [join(folder, file), host, '--key', key as string, '--releases', releases as string], { env }),
        file,
      ).toMatch(/^(ok|skipped) /)
    expect(() => run(process.execPath, [join(folder, '09-broker.ts'), host, '--key', key as string, '--kraft'], { env })).toThrow(
      /with ZooKeeper, which the other kind cannot read/,
    )
  })

  // after the second run: npm start deletes the dead-letter topic, which the steps would make again
  it('takes npm start and the five notebooks', () => walk({ LAB_KAFKA: `${drill.host.address}:9092` }))

  it('keeps ZooKeeper on loopback and data out of /tmp', () => {
    expect(drill.host.ssh("ss -ltnH | awk '{ print $4 }' | sort")).not.toMatch(/(\*|0\.0\.0\.0|\[::\]):2181/)
    expect(drill.host.ssh('ls -d /tmp/kafka-logs /tmp/zookeeper 2>/dev/null || true')).toBe('')
  })

  it('comes back by itself after kill -9 of the broker', async () => {
    drill.host.ssh('systemctl kill -s KILL --kill-whom=main lab-kafka')
    expect(await drill.back('kill -9 of the broker', performance.now())).toBeLessThan(within(15))
  })

  it('lets a producer at full speed see no error when ZooKeeper is killed', async () => {
    const lab = await drill.openLab()
    await createTopic(lab, 'lesson-zookeeper')
    const restarts = (): number => Number(drill.host.ssh('systemctl show -P NRestarts lab-zookeeper'))
    const before = restarts()
    // a producer that never tries again: whatever goes wrong is an error
    const { Kafka, Partitioners } = loadKafkajs()
    const kafka = new Kafka({ brokers: [`${drill.host.address}:9092`], retry: { retries: 0 }, logLevel: 0 })
    const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
    await producer.connect()
    const messages = [...someQuotes(1000)].map(quote => ({ key: quote.symbol, value: encodeQuote(quote) }))
    // by a service of the host, so that sending does not pause for it
    drill.host.ssh(`systemd-run -q bash -c 'sleep 1; systemctl kill -s KILL --kill-whom=main lab-zookeeper'`)
    const errors: unknown[] = []
    const ends = performance.now() + 8000
    let acknowledged = 0
    while (performance.now() < ends) {
      await producer.send({ topic: 'lesson-zookeeper', acks: -1, messages }).then(
        () => (acknowledged += messages.length),
        error => errors.push(error),
      )
    }
    await producer.disconnect()
    console.log(`kill -9 of ZooKeeper: ${acknowledged} quotes acknowledged in 8 s, ${errors.length} errors`)
    expect(errors).toEqual([])
    expect(restarts()).toBe(before + 1)
    expect(await recordsOf(lab, 'lesson-zookeeper')).toBe(acknowledged)
    await lab.close()
  })

  it('holds a million quotes at full speed in less than 350 MiB', async () => {
    const lab = await drill.openLab()
    console.log(await roundTrip(lab, 'lesson-million', 1_000_000))
    await lab.close()
    const used = drill.host.usedMiB()
    console.log(`${(await drill.status()).text}\nthe whole host uses ${used} MiB without page cache`)
    if (used !== undefined) expect(used).toBeLessThan(350)
  })

  it('comes back by itself after a reboot, and after stop and start under the new address', async () => {
    let began = performance.now()
    await drill.host.reboot()
    expect(await drill.back('reboot', began)).toBeLessThan(within(15))
    const before = drill.host.address
    await drill.host.stopAndStart()
    began = performance.now()
    expect(drill.host.address).not.toBe(before)
    expect(await drill.back('stop and start', began)).toBeLessThan(within(15))
    expect(readFileSync(join(drill.dir, 'kafka.env'), 'utf8')).toContain(`${drill.host.address}:9092`)
    const lab = await drill.openLab()
    expect(await recordsOf(lab, 'lesson-million')).toBe(1_000_000)
    await lab.close()
  })

  it('says that the disk is full, and comes back when there is room', async () => {
    drill.host.ssh(`free=$(df --output=avail -m / | tail -1); fallocate -l "$((free - 300))M" /fill`)
    const lab = await drill.openLab()
    await createTopic(lab, 'lesson-full')
    await expect(
      Promise.race([produceRaw(lab, bulk(), { topic: 'lesson-full', batchSize: 50 }), expire(200_000)]),
    ).rejects.toThrow()
    const { healthy, text } = await drill.status()
    console.log(text)
    expect(healthy).toBe(false)
    expect(text).toContain('the disk is full')
    const began = performance.now()
    drill.host.ssh('rm /fill')
    await drill.back('room on the disk', began)
    await lab.close()
  })
})

/** 600 MB that do not compress. */
function* bulk(): Generator<{ value: Buffer }> {
  for (let count = 0; count < 60_000; count++) yield { value: randomBytes(10_000) }
}

const expire = (ms: number): Promise<never> =>
  new Promise((_, reject) => setTimeout(() => reject(new Error(`still going after ${ms} ms`)), ms).unref())
