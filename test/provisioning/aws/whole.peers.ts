import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { stopHome } from '../../../lib/home.ts'
import { runCli, type CliResult } from '../../helpers/cli.ts'
import { kafkaArchive, kafkaDistProblem, writeReleases } from '../../helpers/kafka-dist.ts'
import { type Cli, type Moto, motoProblem, startCli, startMoto } from '../../helpers/moto.ts'
import { notebookNames } from '../../helpers/notebooks.ts'
import { run, skipUnless } from '../../helpers/peers.ts'
import { startTestHost, type TestHost, testHostProblem } from '../../helpers/test-host.ts'
import { walk } from '../walk.ts'

// a busy machine needs ten times what an idle one does
vi.setConfig({ testTimeout: 1_200_000, hookTimeout: 600_000 })

const problem = motoProblem() ?? testHostProblem() ?? kafkaDistProblem()
const skip = skipUnless(problem === undefined, problem ?? '')

/**
 * All of AWS as far as it goes without an account: moto takes the control plane's calls, the test host is the instance (an ssh
 * configuration leads every address of moto's to it), Kafka is the host's, and the cloud's data are the embedded home's.
 */
class Whole {
  readonly #outside = mkdtempSync(join(tmpdir(), 'tickerlake-'))
  /** A name that a shell would take apart. */
  readonly dir = join(this.#outside, "it's a $(lab)")
  #moto!: Moto
  #cli!: Cli
  #releases!: string
  host!: TestHost

  async start(): Promise<void> {
    const archive = kafkaArchive()
    mkdirSync(join(this.dir, 'aws'), { recursive: true, mode: 0o700 })
    this.#releases = writeReleases(this.#outside, ['http://downloads.test:8080/kafka.tgz'], archive.sha512)
    this.#moto = await startMoto()
    this.#cli = (await startCli(1)) as Cli
    this.host = await startTestHost({ number: 14, downloads: { 'kafka.tgz': archive.file } })
    // EC2 would put the public half of the lab's key on the instance; here the instance has one already
    for (const end of ['', '.pub']) copyFileSync(`${this.host.key}${end}`, join(this.dir, 'aws', `key${end}`))
    this.leadToHost()
  }

  async remove(): Promise<void> {
    await stopHome(this.dir)
    this.host?.remove()
    this.#moto?.close()
    this.#cli?.close()
    rmSync(this.#outside, { recursive: true, force: true })
  }

  /** ssh to any address ends at the host's of now. */
  leadToHost(): void {
    writeFileSync(this.#sshConfig, `Host *\n  HostName ${this.host.address}\n`)
  }

  get #sshConfig(): string {
    return join(this.#outside, 'ssh_config')
  }

  /** Runs `tickerlake aws …` as a learner does. */
  async aws(command: string, ...more: string[]): Promise<CliResult> {
    const options: Record<string, string[]> = {
      up: ['--yes', '--cidr', '203.0.113.7/32', '--releases', this.#releases, '--ssh-config', this.#sshConfig],
      start: ['--cidr', '203.0.113.7/32', '--ssh-config', this.#sshConfig],
      ssh: ['--ssh-config', this.#sshConfig],
      down: ['--yes'],
    }
    const keys = { AWS_ACCESS_KEY_ID: 'testing', AWS_SECRET_ACCESS_KEY: 'testing', AWS_REGION: 'us-east-1' }
    const none = { AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null' }
    const env = { LAB_DIR: this.dir, AWS_ENDPOINT_URL: this.#moto.endpoint, AWS_CLI: this.#cli.command, ...keys, ...none }
    const began = performance.now()
    const done = await runCli(['aws', command, ...(options[command] ?? []), ...more], env)
    console.log(`aws ${command}: exit ${done.code} after ${((performance.now() - began) / 1000).toFixed(1)} s`)
    return done
  }

  /** What a shell has after `source aws.env`, the cloud's data at home. */
  sourced(): Record<string, string> {
    const file = join(this.dir, 'aws', 'aws.env')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const shell = ['-c', 'source "$1"; env -0', '_', file]
    const shown = run('env', ['-i', 'PATH=/usr/bin:/bin', 'LAB_KAFKA_USER=another', 'bash', ...shell]).split('\0')
    const settings = shown.map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const)
    const lab = Object.fromEntries(settings.filter(([name]) => /^(LAB_|AWS_REGION)/.test(name)))
    return { ...lab, LAB_DIR: this.dir, LAB_CLOUD: 'embedded' }
  }

  async lab(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await runCli(args, this.sourced())
    expect(code, `${args.join(' ')}\n${stdout}${stderr}`).toBe(0)
    return stdout
  }
}

describe.skipIf(skip)('the lab on AWS, from up to down', () => {
  const whole = new Whole()
  beforeAll(() => whole.start())
  afterAll(() => whole.remove())

  it('aws up makes it all and installs Kafka; again it changes nothing', async () => {
    const { code, stdout, stderr } = await whole.aws('up', '--account', '123456789012')
    expect(code, stdout + stderr).toBe(0)
    expect(stdout).toMatch(/use it: source '.*aws\.env'\nwhen done: npx tickerlake aws down/)
    const again = await whole.aws('up')
    expect(again.code, again.stdout + again.stderr).toBe(0)
    expect(again.stdout).toMatch(/^0 changed, \d+ ok, \d+ skipped in /m) // Kafka's steps
    expect(again.stdout).toContain('0 changed, 8 ok, 1 skipped')
  })

  it('with its settings the lab works unchanged', async () => {
    const env = whole.sourced()
    expect(env).toMatchObject({
      LAB_KAFKA: `${whole.host.address}:9092`,
      LAB_BUCKET: 'tickerlake-123456789012-us-east-1',
      LAB_CRAWLER_ROLE: 'arn:aws:iam::123456789012:role/tickerlake/tickerlake-crawler',
      LAB_WORKGROUP: 'tickerlake',
    })
    expect(env).not.toHaveProperty('LAB_KAFKA_USER')
    const refused = await runCli(['query', 'SELECT 1'], { ...env, LAB_CLOUD: 'aws', AWS_ENDPOINT_URL: 'http://127.0.0.1:9' })
    expect(refused.stderr).toContain('LAB_CLOUD: is aws while AWS_ENDPOINT_URL')
    await walk(env, notebookNames.slice(-1))
    expect(await whole.lab('topics')).toContain('stock-quotes')
  })

  it('aws status, stop and start, which brings another address', async () => {
    const running = await whole.aws('status')
    expect(running.stdout).toMatch(/is running, address \d+\.\d+\.\d+\.\d+/)
    expect(running.stdout).toMatch(/cost so far: about \$0\.0\d for the host, \$0\.0163 an hour/)
    expect((await whole.aws('stop')).code).toBe(0)
    expect((await whole.aws('status')).stdout).toMatch(/is stopped for \d+ min, address none/)
    const before = whole.sourced().LAB_KAFKA
    await whole.host.stopAndStart()
    whole.leadToHost()
    const started = await whole.aws('start')
    expect(started.code, started.stdout + started.stderr).toBe(0)
    expect(whole.sourced().LAB_KAFKA).toBe(`${whole.host.address}:9092`)
    expect(whole.sourced().LAB_KAFKA).not.toBe(before)
    expect(await whole.lab('topics')).toContain('stock-quotes')
  })

  it('aws ssh passes words and exit codes on as they are', async () => {
    const { stdout } = await whole.aws('ssh', 'printf', '%s|', 'a b', "it's", '$(whoami)')
    expect(stdout).toBe("a b|it's|$(whoami)|")
    expect((await whole.aws('ssh', 'bash', '-c', 'exit 7')).code).toBe(7)
  })

  it('aws up --secure turns the same host to TLS and passwords', async () => {
    const { code, stdout, stderr } = await whole.aws('up', '--secure')
    expect(code, stdout + stderr).toBe(0)
    const env = whole.sourced()
    expect(env).toMatchObject({ LAB_KAFKA_TLS: 'true', LAB_KAFKA_USER: 'lab' })
    expect(stdout).not.toContain(env.LAB_KAFKA_PASSWORD)
    expect(readFileSync(join(whole.dir, 'aws', 'state.json'), 'utf8')).not.toContain(env.LAB_KAFKA_PASSWORD)
    expect(await whole.lab('topics')).toContain('stock-quotes')
  })

  it('aws down leaves nothing, twice', async () => {
    const { code, stdout } = await whole.aws('down')
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('proved: nothing is left')
    expect(code).toBe(0)
    const again = await whole.aws('down')
    expect(again.stdout.trimEnd().split('\n').at(-1)).toMatch(/^nothing is there/)
    expect(again.code).toBe(0)
  })
})
