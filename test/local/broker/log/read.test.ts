import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { flushLog } from '../../../../lib/local/broker/log/flush.ts'
import { Log } from '../../../../lib/local/broker/log/log.ts'
import { OpenFiles } from '../../../../lib/local/broker/log/open-files.ts'
import { offsetForTimestamp } from '../../../../lib/local/broker/log/timestamps.ts'
import { readHeader } from '../../../../lib/local/broker/records/batch.ts'
import { batch, values } from '../../../contract/kafka/batches.ts'
import { temporaryFolder } from '../lab-broker.ts'
import { logConfig } from '../log-config.ts'

const firstFile = '00000000000000000000.log'

function open(dir: string, recoveryPoint = 0): { log: Log; lines: string[] } {
  const lines: string[] = []
  const options = { dir, name: 'quotes-0', config: () => logConfig, files: new OpenFiles(), recoveryPoint }
  return { log: new Log({ ...options, log: line => lines.push(line) }), lines }
}

it('a large damaged segment is scanned while others have their turns, and appended to meanwhile', async () => {
  const dir = temporaryFolder()
  const first = open(dir)
  const text = 'x'.repeat(800)
  for (let i = 0; i < 4000; i++) first.log.append(batch({ records: values(10, text), timestamp: 1_700_000_000_000 + i }))
  const point = await flushLog(first.log, { sync: true })
  first.log.files.closeAll()
  const bytes = readFileSync(join(dir, firstFile))
  bytes.fill(2, 1_000_000, 20_000_000)
  writeFileSync(join(dir, firstFile), bytes)
  const { log, lines } = open(dir, point)
  let turns = 0
  const turn = setInterval(() => {
    turns += 1
    log.append(batch({ records: values(1, 'late') }))
  }, 0)
  const damagedAt = Math.ceil(1_000_000 / readHeader(bytes).sizeBytes) * 10
  const error = await log.fetch(damagedAt, 1000).catch((caught: unknown) => caught)
  clearInterval(turn)
  expect((error as Error).message).toContain(`damaged at offset ${damagedAt}`)
  expect(turns).toBeGreaterThan(1)
  expect(lines).toHaveLength(1)
  const next = Number(/next readable offset is (\d+)/.exec((error as Error).message)?.[1])
  expect(next).toBeGreaterThan(damagedAt)
  expect(readHeader((await log.fetch(next, 1)).bytes).baseOffset).toBe(next)
  // A header of these bytes has an offset that no batch here can have.
  await expect(log.fetch(15_000, 1)).rejects.toThrow('damaged at offset 15000')
  for (const offset of [40_000, log.endOffset - 1]) expect(readHeader((await log.fetch(offset, 1)).bytes).baseOffset).toBe(offset)
  const late = await offsetForTimestamp(log, 1_700_000_003_999)
  expect(late?.offset).toBe(39_990)
})
