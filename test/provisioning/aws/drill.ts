import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { type Aws, openAws } from '../../../provisioning/aws/cli.ts'
import { down } from '../../../provisioning/aws/down.ts'
import { status } from '../../../provisioning/aws/status.ts'
import { start, stop } from '../../../provisioning/aws/stop-start.ts'
import { plan, up } from '../../../provisioning/aws/up.ts'
import type { Cli, Moto } from '../../helpers/moto.ts'

const account = '123456789012' // moto's
const choices = { account, cidr: '203.0.113.7/32', user: true, email: 'somebody@example.com' }
const withoutHost = { setUpKafka: async () => {}, waitForKafka: async () => {} }

const ownNames = { LAB_BUCKET: 'a-name-of-ones-own', LAB_DATABASE: 'own_db', LAB_CRAWLER: 'own', LAB_WORKGROUP: 'team' }

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

  /**
   * A crash after the n-th change is repaired by `up`, and `down` leaves nothing; also when the state file is lost, and with it
   * names of one's own; databases and crawlers are made anew as `npm start` does, without a mark.
   */
  async crashAndRepair(count: number, loseState: boolean): Promise<boolean> {
    if (loseState) Object.assign(process.env, ownNames)
    const crashed = await this.crashAfter(count).finally(() => {
      for (const name of Object.keys(ownNames)) delete process.env[name]
    })
    if (loseState) this.loseState()
    const repaired = await this.up()
    expect(repaired.skipped, `after change ${count}`).toBe(0)
    expect(await this.#buckets(), `after change ${count}`).toHaveLength(1)
    // every third: it costs as much as the crash
    if (count % 3 === 0) expect((await this.up()).changed, `up again after change ${count}`).toBe(0)
    await this.#makeAnew()
    if (loseState) this.loseState()
    expect(await this.down(), `down after change ${count}`).toBe(true)
    await this.expectNothing()
    return crashed
  }

  /** Deletes every database and crawler, and makes them again as `npm start` does. */
  async #makeAnew(): Promise<void> {
    const aws = await this.cli()
    const { DatabaseList } = await aws<{ DatabaseList: { Name: string }[] }>`glue get-databases`
    for (const { Name } of DatabaseList) {
      await aws`glue delete-database --name ${Name}`
      await aws`glue create-database --database-input ${JSON.stringify({ Name })}`
    }
    type Crawlers = { Crawlers: { Name: string; Role: string; DatabaseName: string; Targets: object }[] }
    const { Crawlers } = await aws<Crawlers>`glue get-crawlers`
    for (const { Name, Role, DatabaseName, Targets } of Crawlers) {
      await aws`glue delete-crawler --name ${Name}`
      const how = ['--role', Role, '--database-name', DatabaseName, '--targets', JSON.stringify(Targets)]
      await aws`glue create-crawler --name ${Name} ${how}`
    }
  }

  loseState(): void {
    rmSync(join(this.dir, 'aws', 'state.json'), { force: true })
  }

  /** What `down` says is not believed: asks for everything, without tags, names and paths. */
  async expectNothing(): Promise<void> {
    const aws = await this.cli()
    const { Reservations } = await aws<{ Reservations: { Instances: { State: { Name: string } }[] }[] }>`ec2 describe-instances`
    const states = Reservations.flatMap(({ Instances }) => Instances.map(({ State }) => State.Name))
    expect(states.filter(state => state !== 'terminated')).toEqual([])
    const { SecurityGroups } = await aws<{ SecurityGroups: { GroupName: string }[] }>`ec2 describe-security-groups`
    expect(SecurityGroups.map(({ GroupName }) => GroupName)).toEqual(['default'])
    expect(await aws`ec2 describe-key-pairs`).toMatchObject({ KeyPairs: [] })
    expect(await this.#buckets()).toEqual([])
    for (const kind of ['Roles', 'Users', 'Groups'])
      expect(await aws`iam ${`list-${kind.toLowerCase()}`}`, kind).toMatchObject({ [kind]: [] })
    expect(await aws`iam list-policies --scope Local`).toMatchObject({ Policies: [] })
    expect(await aws`glue get-databases`).toMatchObject({ DatabaseList: [] })
    expect(await aws`glue get-crawlers`).toMatchObject({ Crawlers: [] })
    expect(await aws`athena list-work-groups`).toMatchObject({ WorkGroups: [{ Name: 'primary' }] })
    expect(await aws`budgets describe-budgets --account-id ${account}`).toMatchObject({ Budgets: [] })
    const own = join(this.dir, 'aws')
    expect(existsSync(own) ? readdirSync(own) : ['state.json']).toEqual(['state.json'])
  }

  async #buckets(): Promise<unknown[]> {
    const aws = await this.cli()
    return (await aws<{ Buckets: unknown[] }>`s3api list-buckets`).Buckets
  }

  /** The AWS CLI on moto, for a look of one's own. */
  cli = (): Promise<Aws> => openAws({ ...this.#outer, region: 'us-east-1', say: () => {} })

  /** A file of the lab on AWS that only its owner may read. */
  read(name: string): string {
    const file = join(this.dir, 'aws', name)
    expect(statSync(file).mode & 0o777, name).toBe(0o600)
    return readFileSync(file, 'utf8')
  }
}
