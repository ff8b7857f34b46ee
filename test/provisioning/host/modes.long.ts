import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openLab, produce } from '../../../lib/index.ts'
import { labKafka } from '../../../provisioning/host/context.ts'
import { type HostOptions, openContext } from '../../../provisioning/host/open-context.ts'
import { setUpHost, showHost } from '../../../provisioning/host/set-up.ts'
import { skipUnless } from '../../helpers/peers.ts'
import { someQuotes } from '../../helpers/quotes.ts'
import { Drill, drillProblem, recordsOf } from './drill.ts'

const problem = drillProblem()
const skip = skipUnless(problem === undefined, problem ?? '')

describe.skipIf(skip)('a host that changes its mode', () => {
  const drill = new Drill(14, { secure: false, kraft: false })
  beforeAll(() => drill.start())
  afterAll(() => drill.remove())

  /** Sets the host up in a mode, twice; sends 1,000 quotes; answers what was said and how many records the topic has. */
  async function change(secure: boolean): Promise<{ said: string; records: number; again: number }> {
    const said: string[] = []
    const options: HostOptions & { dryRun: boolean } = { ...drill.options, secure, dryRun: false }
    await setUpHost(options, (line: string) => said.push(line))
    const { changed: again } = await setUpHost(options, () => {})
    const context = await openContext(options)
    await context.host.close()
    const lab = openLab({ kafka: labKafka(context, drill.host.address) })
    await produce(lab, someQuotes(1000), { topic: 'stock-quotes' })
    const records = await recordsOf(lab, 'stock-quotes')
    await lab.close()
    return { said: said.join('\n'), records, again }
  }

  it('keeps its messages from plain to secure and back, and warns on the way back', async () => {
    expect(await change(false)).toMatchObject({ records: 1000, again: 0 })
    expect(await change(true)).toMatchObject({ records: 2000, again: 0 })
    expect(await showHost(drill.options, () => {})).toBe(true)
    const back = await change(false)
    expect(back).toMatchObject({ records: 3000, again: 0 })
    expect(back.said).toContain('WARNING: this host asked for TLS and passwords until now')
  })

  it('takes new passwords when the old ones are lost', async () => {
    const dir = join(drill.dir, 'new')
    mkdirSync(dir)
    const { changed } = await setUpHost({ ...drill.options, secure: true, dir, dryRun: false }, () => {})
    expect(changed).toBeGreaterThan(0)
    expect(await showHost({ ...drill.options, dir }, () => {})).toBe(true)
    expect(await showHost(drill.options, () => {})).toBe(false)
  })
})
