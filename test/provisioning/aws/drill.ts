import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { down } from '../../../provisioning/aws/down.ts'
import { status } from '../../../provisioning/aws/status.ts'
import { start, stop } from '../../../provisioning/aws/stop-start.ts'
import { plan, up } from '../../../provisioning/aws/up.ts'
import type { Cli, Moto } from '../../helpers/moto.ts'

const account = '123456789012' // moto's
const choices = { account, cidr: '203.0.113.7/32', user: true, email: 'somebody@example.com' }
const withoutHost = { setUpKafka: async () => {}, waitForKafka: async () => {} }

/** Thrown by the drill in the middle of `up`. */
export class Crash extends Error {}

/** A lab on moto: its own LAB_DIR, what the scripts said, and a crash after the n-th call that changed something. */
export class AwsDrill {
  readonly dir = mkdtempSync(join(tmpdir(), 'tickerlake-'))
  readonly #outer: { command: string; endpoint: string; say: (line: string) => void }
  said: string[] = []

  constructor(moto: Moto, cli: Cli) {
    this.#outer = { command: cli.command, endpoint: moto.endpoint, say: line => void this.said.push(line) }
    Object.assign(process.env, {
      LAB_DIR: this.dir,
      AWS_ACCESS_KEY_ID: 'testing',
      AWS_SECRET_ACCESS_KEY: 'testing',
      AWS_REGION: 'us-east-1',
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    })
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true })
  }

  /** Calls shown since the last look that were not look-ups. */
  changes(): string[] {
    const found = this.said.filter(line => /^\$ aws \S+ (?!describe|get|list|head|wait)/.test(line))
    this.said = []
    return found
  }

  plan = () => plan({ ...choices }, this.#outer)
  up = () => up({ ...choices, yes: true }, { ...this.#outer, ...withoutHost })
  status = () => status({}, this.#outer)
  stop = () => stop({}, { ...this.#outer, ...withoutHost })
  start = (cidr: string) => start({ cidr }, { ...this.#outer, ...withoutHost })
  down = () => down({ account, dryRun: false, yes: true }, this.#outer)

  /** Runs `up` and dies after its n-th change; answers false when it came to its end before. */
  async crashAfter(count: number): Promise<boolean> {
    let made = 0
    const afterChange = (): void => {
      if (++made === count) throw new Crash(`after change ${count}`)
    }
    try {
      await up({ ...choices, yes: true }, { ...this.#outer, ...withoutHost, afterChange })
      return false
    } catch (error) {
      if (error instanceof Crash) return true
      throw error
    }
  }

  /** A crash after the n-th change is repaired by `up`, and `down` leaves nothing; also when the state file is lost. */
  async crashAndRepair(count: number, loseState: boolean): Promise<boolean> {
    const crashed = await this.crashAfter(count)
    if (loseState) rmSync(join(this.dir, 'aws', 'state.json'), { force: true })
    const repaired = await this.up()
    expect(repaired.skipped, `after change ${count}`).toBe(0)
    expect((await this.up()).changed, `up again after change ${count}`).toBe(0)
    if (loseState) rmSync(join(this.dir, 'aws', 'state.json'), { force: true })
    expect(await this.down(), `down after change ${count}`).toBe(true)
    expect(existsSync(join(this.dir, 'aws'))).toBe(false)
    return crashed
  }

  /** A file of the lab on AWS that only its owner may read. */
  read(name: string): string {
    const file = join(this.dir, 'aws', name)
    expect(statSync(file).mode & 0o777, name).toBe(0o600)
    return readFileSync(file, 'utf8')
  }
}
