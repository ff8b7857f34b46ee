import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { KafkaConfig } from '../../../lib/config.ts'
import { consume, openLab, produce } from '../../../lib/index.ts'
import { setUpHost, showHost } from '../../../provisioning/host/set-up.ts'
import { skipUnless } from '../../helpers/peers.ts'
import { someQuotes } from '../../helpers/quotes.ts'
import { Drill, drillProblem, roundTrip, within } from './drill.ts'

vi.setConfig({ testTimeout: 1_200_000, hookTimeout: 600_000 })

const problem = drillProblem()
const skip = skipUnless(problem === undefined, problem ?? '')

describe.skipIf(skip)('a bare host, --secure', () => {
  const drill = new Drill(12, { secure: true, kraft: false })
  beforeAll(() => drill.start())
  afterAll(() => drill.remove())

  const secrets = {
    adminPassword: `ad $(touch /pwned) \`id\` 'q' "d" \\n back\\slash, [br] = ü😀 #x`,
    labPassword: ` lab'"$HOME,password=x]; -n \\`,
  }

  it('serves the lab with TLS, passwords of any characters, and rights', async () => {
    writeFileSync(join(drill.dir, 'secrets.json'), JSON.stringify(secrets))
    const { said, seconds } = await drill.setUp()
    console.log(`--secure: ${seconds.toFixed(1)} s\n${said.join('\n')}`)
    for (const secret of Object.values(secrets)) expect(said.join('\n')).not.toContain(secret)
    expect(statSync(join(drill.dir, 'secrets.json')).mode & 0o777).toBe(0o600)
    expect(statSync(join(drill.dir, 'kafka.env')).mode & 0o777).toBe(0o600)
    const lab = await drill.openLab()
    console.log(await roundTrip(lab, 'lesson-secure', 100_000))
    await lab.close()
    const before = drill.serviceStarts()
    expect((await drill.setUp()).changed).toBe(0)
    expect(drill.serviceStarts()).toBe(before)
  })

  it('keeps passwords out of command lines, environments, logs and files that others can read', () => {
    const found = drill.host
      .ssh(`find /pwned /etc /opt /tmp /home /var/lib/kafka /var/log -type f -perm -o+r -exec grep -lE 'passwor[d]=x|back.{1,2}slas[h]' {} + 2>/dev/null || true
      for p in /proc/[0-9]*; do tr '\\0' '\\n' < "$p/cmdline"; tr '\\0' '\\n' < "$p/environ"; done 2>/dev/null | grep -E 'passwor[d]=x|back.{1,2}slas[h]' || true
      journalctl --no-pager | grep -E 'passwor[d]=x|back.{1,2}slas[h]' || true`)
    expect(found).toBe('')
  })

  it('shows its state and keeps its settings, also when asked without --secure', async () => {
    const settings = readFileSync(join(drill.dir, 'kafka.env'), 'utf8')
    expect(await showHost({ ...drill.options, secure: false }, () => {})).toBe(true)
    expect(readFileSync(join(drill.dir, 'kafka.env'), 'utf8')).toBe(settings)
    await expect(setUpHost({ ...drill.options, secure: false, kraft: true, dryRun: false }, () => {})).rejects.toThrow(
      /with ZooKeeper, which the other kind cannot read.*Nothing was changed/,
    )
  })

  it('ends each refusal in one sentence that names the cause', async () => {
    const good = (await drill.openLab()).config.kafka
    if (good.kind !== 'cluster') throw new Error('not a cluster')
    const attempt = async (change: Partial<typeof good>, topic = 'stock-quotes'): Promise<string> => {
      const lab = openLab({ kafka: { ...good, ...change } })
      const error: unknown = await produce(lab, someQuotes(1), { topic }).catch((error: unknown) => error)
      await lab.close()
      expect(error).toBeInstanceOf(Error)
      return (error as Error).message
    }
    const otherCa = join(drill.dir, 'other.pem')
    const req = '-x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=other -keyout /dev/null -out'
    execFileSync('openssl', ['req', ...req.split(' '), otherCa], { stdio: 'ignore' })
    const sentences = {
      'unknown user': await attempt({ user: 'nobody' }),
      'another authority': await attempt({ caFile: otherCa }),
      'another name': await attempt({ servername: 'other.lab' }),
      'wrong password': await attempt({ password: 'wrong' }),
      'no TLS': await attempt({ tls: false, caFile: undefined, servername: undefined }),
      'no right on the topic': await attempt({}, 'somebody-elses'),
      'no right on the group': await refusedGroup(good),
    }
    console.log(sentences)
    expect(sentences['unknown user']).toMatch(/login/)
    expect(sentences['another authority']).toMatch(/certificate is not trusted.*LAB_KAFKA_CA/)
    expect(sentences['another name']).toMatch(/certificate is not trusted.*LAB_KAFKA_SERVERNAME/)
    expect(sentences['wrong password']).toMatch(/login|password|credentials/i)
    expect(sentences['no TLS']).toMatch(/TLS/)
    expect(sentences['no right on the topic']).toMatch(/no right on this topic/)
    expect(sentences['no right on the group']).toMatch(/no right on this consumer group/)
  })

  it('keeps its certificate under a new address', async () => {
    const before = drill.host.ssh('sha256sum /etc/lab/tls/server.crt')
    await drill.host.stopAndStart()
    await drill.back('stop and start, --secure', performance.now())
    expect(drill.host.ssh('sha256sum /etc/lab/tls/server.crt')).toBe(before)
    expect(existsSync(join(drill.dir, 'ca.pem'))).toBe(true)
  })
})

describe.skipIf(skip)('a bare host, --kraft', () => {
  const drill = new Drill(13, { secure: false, kraft: true })
  beforeAll(() => drill.start())
  afterAll(() => drill.remove())

  it('serves the lab without ZooKeeper and comes back from kill -9', async () => {
    const { seconds } = await drill.setUp()
    const lab = await drill.openLab()
    console.log(`--kraft: ${seconds.toFixed(1)} s; ${await roundTrip(lab, 'lesson-kraft', 100_000)}`)
    await lab.close()
    expect((await drill.setUp()).changed).toBe(0)
    await expect(setUpHost({ ...drill.options, kraft: false, dryRun: false }, () => {})).rejects.toThrow(
      /with KRaft, which the other kind cannot read/,
    )
    drill.host.ssh('systemctl kill -s KILL --kill-whom=main lab-kafka')
    expect(await drill.back('kill -9 of the broker, --kraft', performance.now())).toBeLessThan(within(15))
  })
})

async function refusedGroup(kafka: KafkaConfig): Promise<string> {
  const lab = openLab({ kafka })
  const error: unknown = await consume(lab, 'stock-quotes', { group: 'somebody-elses' }, () => {}).catch(
    (error: unknown) => error,
  )
  await lab.close()
  return (error as Error).message
}
