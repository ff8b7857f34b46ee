import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Cli, type Moto, motoProblem, startCli, startMoto } from '../../helpers/moto.ts'
import { skipUnless } from '../../helpers/peers.ts'
import { AwsDrill } from './drill.ts'
import { killAndRepair } from './kill.ts'

const problem = motoProblem()
const skip = skipUnless(problem === undefined, problem ?? '')

const missing = (generation: number): string => skipUnless(false, `AWS CLI version ${generation} is not to be had here`) as string

describe.skipIf(skip).each([1, 2] as const)('AWS CLI version %d: a crash after every single change of up', generation => {
  let moto: Moto
  let cli: Cli | undefined
  beforeAll(async () => {
    moto = await startMoto()
    cli = await startCli(generation)
  })
  afterAll(() => {
    moto.close()
    cli?.close()
  })

  it.for(['kept', 'lost'])('is repaired by up, and down leaves nothing; state file %s', async (state, context) => {
    if (!cli) return context.skip(missing(generation))
    for (let count = 1; ; count++) {
      await moto.reset()
      const drill = new AwsDrill(moto, cli)
      const began = performance.now()
      const crashed = await drill.crashAndRepair(count, state === 'lost').finally(() => drill.remove())
      const seconds = ((performance.now() - began) / 1000).toFixed(1)
      console.log(
        `version ${generation}, state file ${state}: crash after change ${count} repaired and taken down in ${seconds} s`,
      )
      if (crashed) continue
      console.log(`${cli.version}: ${count - 1} crashes, each repaired`)
      expect(count).toBeGreaterThan(20)
      return
    }
  })

  it('kill -9 of the command at any moment is repaired by up, twenty times', async context => {
    if (!cli) return context.skip(missing(generation))
    for (let count = 0; count < 20; count++) {
      await moto.reset()
      const drill = new AwsDrill(moto, cli)
      await killAndRepair(moto, cli, drill).finally(() => drill.remove())
    }
  })
})
