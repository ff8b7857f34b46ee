import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Cli, type Moto, motoProblem, startCli, startMoto } from '../../helpers/moto.ts'
import { skipUnless } from '../../helpers/peers.ts'
import { AwsDrill } from './drill.ts'

// a busy machine needs ten times what an idle one does
vi.setConfig({ testTimeout: 1_200_000, hookTimeout: 600_000 })

const problem = motoProblem()
const skip = skipUnless(problem === undefined, problem ?? '')

let moto: Moto
/** How many calls of `up` change something, once it was counted. */
let changesOfUp: number | undefined
beforeAll(async () => {
  if (!skip) moto = await startMoto()
})
afterAll(() => moto?.close())

describe.skipIf(skip).each([1, 2] as const)('AWS CLI version %d on moto', generation => {
  let cli: Cli | undefined
  beforeAll(async () => {
    await moto.reset()
    cli = await startCli(generation)
  })
  afterAll(() => cli?.close())

  it('plans, makes, repeats, stops, starts, and leaves nothing', async context => {
    if (!cli) return context.skip(skipUnless(false, `AWS CLI version ${generation} is not to be had here`) as string)
    console.log(cli.version)
    const drill = new AwsDrill(moto, cli)
    try {
      expect(await drill.plan()).toMatchObject({ changed: 9, ok: 0 })
      expect(drill.said.join('\n')).toMatch(/a forgotten month/)
      expect(drill.changes()).toEqual([])
      expect(await drill.up()).toMatchObject({ changed: 9, ok: 0 })
      const key = JSON.parse(drill.read('access-key.json')) as { SecretAccessKey: string }
      expect(drill.said.join('\n')).not.toContain(key.SecretAccessKey)
      expect(drill.read('state.json')).not.toContain(key.SecretAccessKey)
      expect(drill.read('aws.env')).toContain(key.SecretAccessKey)
      expect(drill.read('key')).toContain('PRIVATE KEY')
      changesOfUp = drill.changes().length
      expect(changesOfUp).toBeGreaterThan(20)
      expect(await drill.up()).toMatchObject({ changed: 0, ok: 9 })
      expect(drill.changes()).toEqual([])
      await drill.status()
      expect(drill.said.join('\n')).toMatch(/is running, address \d+\.\d+\.\d+\.\d+/)
      const before = (JSON.parse(drill.read('state.json')) as { address: string }).address
      await drill.stop()
      await drill.start('198.51.100.9/32')
      const after = JSON.parse(drill.read('state.json')) as { address: string; cidr: string }
      expect(after.address).not.toBe(before)
      expect(after.cidr).toBe('198.51.100.9/32')
      expect(await drill.down()).toBe(true)
      expect(drill.said.at(-1)).toBe('proved: nothing is left')
      await drill.expectNothing()
      expect(await drill.down()).toBe(true)
    } finally {
      drill.remove()
    }
  })
})

describe.skipIf(skip)('a crash in the middle of up', () => {
  it.each(['kept', 'lost', 'kept'])(
    'after a random change is repaired by up, and down leaves nothing; state file %s',
    async state => {
      const cli = (await startCli(1)) as Cli
      try {
        changesOfUp ??= await countChanges(cli)
        const count = 1 + Math.floor(Math.random() * changesOfUp)
        console.log(`crash after change ${count} of ${changesOfUp}`)
        await moto.reset()
        const drill = new AwsDrill(moto, cli)
        const crashed = await drill.crashAndRepair(count, state === 'lost').finally(() => drill.remove())
        expect(crashed, `no crash after change ${count} of ${changesOfUp}`).toBe(true)
      } finally {
        cli.close()
      }
    },
  )
})

async function countChanges(cli: Cli): Promise<number> {
  await moto.reset()
  const drill = new AwsDrill(moto, cli)
  await drill.up().finally(() => drill.remove())
  return drill.changes().length
}
