import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { flushLog } from '../../../../lib/local/broker/log/flush.ts'
import type { LogConfig } from '../../../../lib/local/broker/log/config.ts'
import { Log } from '../../../../lib/local/broker/log/log.ts'
import { OpenFiles } from '../../../../lib/local/broker/log/open-files.ts'
import { applyRetention } from '../../../../lib/local/broker/log/retention.ts'
import { offsetForTimestamp } from '../../../../lib/local/broker/log/timestamps.ts'
import { headerBytes, readHeader } from '../../../../lib/local/broker/records/batch.ts'
import { decompress } from '../../../../lib/local/broker/records/compression.ts'
import { readRecords } from '../../../../lib/local/broker/records/records.ts'
import { batch, values } from '../../../contract/kafka/batches.ts'
import { temporaryFolder } from '../lab-broker.ts'
import { logConfig } from '../log-config.ts'

const fixtures = join(import.meta.dirname, '..', '..', '..', 'fixtures', 'kafka')
const firstFile = '00000000000000000000.log'

function open(dir: string, changed: Partial<LogConfig> = {}, recoveryPoint = 0): { log: Log; lines: string[] } {
  const lines: string[] = []
  const settings = { ...logConfig, ...changed }
  const log = new Log({
    dir,
    name: 'quotes-0',
    config: () => settings,
    files: new OpenFiles(),
    log: line => lines.push(line),
    recoveryPoint,
  })
  return { log, lines }
}

/** A folder with `count` batches of two records each, written and let go without a flush, as a kill does. */
function filled(count: number, changed: Partial<LogConfig> = {}): string {
  const dir = temporaryFolder()
  const { log } = open(dir, changed)
  for (let i = 0; i < count; i++) log.append(batch({ records: values(2, `b${i}-`), timestamp: 1_700_000_000_000 + i * 1000 }))
  log.files.closeAll()
  return dir
}

const all = (log: Log): string[] => {
  const got: string[] = []
  for (let offset = log.startOffset; offset < log.endOffset;) {
    const { bytes, nextOffset } = log.read(offset, 1000)
    for (let at = 0; at < bytes.length; at += readHeader(bytes, at).sizeBytes) {
      const header = readHeader(bytes, at)
      for (const { value } of readRecords(header, bytes.subarray(at + headerBytes, at + header.sizeBytes)))
        got.push(String(value))
    }
    expect(nextOffset).toBeGreaterThan(offset)
    offset = nextOffset
  }
  return got
}
const written = (count: number): string[] => Array.from({ length: count }, (_, i) => [`b${i}-0`, `b${i}-1`]).flat()

describe('a log after a crash', () => {
  it('keeps every whole batch, cuts a torn tail at each of its bytes, says so, and goes on', () => {
    const source = filled(3)
    const bytes = readFileSync(join(source, firstFile))
    const second = readHeader(bytes).sizeBytes
    const third = second + readHeader(bytes, second).sizeBytes
    for (let cut = third + 1; cut < bytes.length; cut++) {
      const dir = temporaryFolder()
      writeFileSync(join(dir, firstFile), bytes.subarray(0, cut))
      const { log, lines } = open(dir)
      expect(log.endOffset).toBe(4)
      expect(lines).toEqual([
        `quotes-0: ${firstFile} ended in ${cut - third} bytes that are no whole batch; cut at byte ${third}`,
      ])
      expect(log.append(batch()).baseOffset).toBe(4)
      expect(all(log)).toEqual([...written(2), 'a'])
      log.files.closeAll()
    }
  })

  it('cuts a last batch whose bytes are wrong, whichever byte it is', () => {
    const bytes = readFileSync(join(filled(2), firstFile))
    const first = readHeader(bytes).sizeBytes
    for (let at = first; at < bytes.length; at++) {
      // the leader epoch, which no checksum covers and nothing depends on
      if (at >= first + 12 && at < first + 16) continue
      const dir = temporaryFolder()
      const bad = Buffer.from(bytes)
      bad[at]! ^= 0x40
      writeFileSync(join(dir, firstFile), bad)
      const { log, lines } = open(dir)
      expect(log.endOffset, `byte ${at}`).toBe(2)
      expect(lines[0]).toContain(`cut at byte ${first}`)
      log.files.closeAll()
    }
  })

  it('a flipped bit in the middle is reported, nothing is cut, what is behind it can be read', () => {
    const dir = filled(5)
    const path = join(dir, firstFile)
    const bytes = readFileSync(path)
    const size = readHeader(bytes).sizeBytes
    bytes[2 * size + 70]! ^= 1
    writeFileSync(path, bytes)
    const { log, lines } = open(dir)
    expect(lines).toEqual([
      `quotes-0: ${firstFile} is damaged from byte ${2 * size} to ${3 * size}; the records there cannot be read, later ones can`,
    ])
    expect(log.endOffset).toBe(10)
    expect(readFileSync(path)).toHaveLength(bytes.length)
    expect(log.read(0, 10_000).nextOffset).toBe(4)
    expect(() => log.read(4, 10_000)).toThrow('damaged at offset 4')
    expect(log.read(6, 10_000).nextOffset).toBe(10)
  })

  it('a damaged length in the middle: the next good batch is found', () => {
    const dir = filled(5)
    const path = join(dir, firstFile)
    const bytes = readFileSync(path)
    const size = readHeader(bytes).sizeBytes
    bytes.writeInt32BE(0x7ffffff, 2 * size + 8)
    writeFileSync(path, bytes)
    const { log, lines } = open(dir)
    expect(lines[0]).toContain(`damaged from byte ${2 * size} to ${3 * size}`)
    expect(log.endOffset).toBe(10)
    expect(() => log.read(4, 10_000)).toThrow('the next readable offset is 6')
    expect(log.read(6, 10_000).nextOffset).toBe(10)
  })

  it('damage before the checkpoint is not looked for at the start of a long log, but reported when it is read', async () => {
    const dir = temporaryFolder()
    const big = (): Buffer => batch({ records: [{ value: 'x'.repeat(700_000) }] })
    const first = open(dir)
    for (let i = 0; i < 12; i++) first.log.append(big())
    const point = await flushLog(first.log, { sync: true })
    first.log.files.closeAll()
    const path = join(dir, firstFile)
    const bytes = readFileSync(path)
    bytes[500]! ^= 1
    writeFileSync(path, bytes)
    const { log, lines } = open(dir, {}, point)
    expect(lines).toEqual([])
    expect(log.endOffset).toBe(12)
    expect(() => log.read(0, 100)).toThrow('damaged at offset 0')
    expect(lines[0]).toContain('damaged at offset 0')
    expect(log.read(1, 100).nextOffset).toBe(2)
  })

  it('indexes that are missing, cut or garbage are rebuilt', async () => {
    const dir = filled(40, { segmentBytes: 2000 })
    const first = open(dir, { segmentBytes: 2000 })
    const point = await flushLog(first.log, { sync: true })
    first.log.files.closeAll()
    const indexes = readdirSync(dir).filter(name => /index$/.test(name))
    expect(indexes.length).toBeGreaterThanOrEqual(4)
    const damage = [
      (path: string) => rmSync(path),
      (path: string) => writeFileSync(path, 'rubbish'),
      (path: string) => writeFileSync(path, Buffer.alloc(24, 0xff)),
      (path: string) => truncateSync(path, 0),
    ]
    for (const spoil of damage) {
      for (const name of indexes) spoil(join(dir, name))
      const { log } = open(dir, { segmentBytes: 2000 }, point)
      expect(all(log)).toEqual(written(40))
      expect((await offsetForTimestamp(log, 1_700_000_030_000))?.offset).toBe(60)
      log.files.closeAll()
    }
  })

  it('a file shorter than its checkpoint says is reported', async () => {
    const dir = filled(4)
    const first = open(dir)
    const point = await flushLog(first.log, { sync: true })
    first.log.files.closeAll()
    const bytes = readFileSync(join(dir, firstFile))
    truncateSync(join(dir, firstFile), readHeader(bytes).sizeBytes * 2)
    const { log, lines } = open(dir, {}, point)
    expect(log.endOffset).toBe(4)
    expect(lines.join()).toContain('ends at offset 4, its checkpoint says 8: flushed records are missing')
  })

  it('a snapshot of producers from the checkpoint and the batches after it give the state before', async () => {
    const dir = temporaryFolder()
    const first = open(dir)
    const put = (log: Log, baseSequence: number) => log.append(batch({ producerId: 7, producerEpoch: 1, baseSequence }))
    for (let i = 0; i < 4; i++) put(first.log, i)
    const point = await flushLog(first.log, { sync: true })
    for (let i = 4; i < 6; i++) put(first.log, i)
    first.log.files.closeAll()
    const { log } = open(dir, {}, point)
    for (let i = 1; i < 6; i++) expect(put(log, i)).toMatchObject({ baseOffset: i, duplicate: true })
    expect(() => put(log, 0)).toThrow('sequence 0 where 6 is next')
    expect(put(log, 6)).toMatchObject({ baseOffset: 6, duplicate: false })
  })

  it('a file full of anything is opened', () => {
    const dir = temporaryFolder()
    mkdirSync(dir, { recursive: true })
    writeFileSync(join(dir, firstFile), Buffer.alloc(5000, 0x02))
    const { log, lines } = open(dir)
    expect([log.startOffset, log.endOffset]).toEqual([0, 0])
    expect(lines[0]).toContain('cut at byte 0')
  })
})

describe('segments of a real Kafka', () => {
  it('are read record by record, as its own dump tool does', async () => {
    const dir = temporaryFolder()
    copyFileSync(join(fixtures, 'segment.log'), join(dir, firstFile))
    const { log, lines } = open(dir)
    expect(lines).toEqual([])
    expect(log.endOffset).toBe(88)
    const got: string[] = []
    for (let offset = 0; offset < 88;) {
      const { bytes, nextOffset } = log.read(offset, 1)
      const header = readHeader(bytes)
      const body = await decompress(header.compression, bytes.subarray(headerBytes))
      if (!header.isControl) {
        for (const record of readRecords(header, body)) {
          const key = record.key ? ` key: ${record.key}` : ''
          const value = record.value ? ` payload: ${record.value}` : ''
          const names = record.headers.map(([name]) => name).join(',')
          got.push(`| offset: ${record.offset} CreateTime: ${record.timestamp} keySize: ${record.key?.length ?? -1} valueSize: ${record.value?.length ?? -1} headerKeys: [${names}]${key}${value}`) // prettier-ignore
        }
      }
      offset = nextOffset
    }
    const dump = readFileSync(join(fixtures, 'segment.dump.txt'), 'utf8').split('\n')
    const expected = dump
      .filter(line => line.startsWith('| offset') && !line.includes('endTxnMarker'))
      .map(line => line.replace(/ sequence: -?\d+/, '').trimEnd())
    expect(got.map(line => line.trimEnd())).toEqual(expected)
  })

  it('have the producers and the aborted transaction that are in them', () => {
    const dir = temporaryFolder()
    copyFileSync(join(fixtures, 'segment.log'), join(dir, firstFile))
    const { log } = open(dir)
    expect(log.aborted).toMatchObject([{ producerId: 2, firstOffset: 16, lastOffset: 17 }])
    expect([...log.producers.producers.keys()].sort()).toEqual([0, 2, 3, 4, 5, 6, 7])
    expect(log.lastStableOffset).toBe(88)
  })

  it('with LogAppendTime give the broker’s time for each record', async () => {
    const dir = temporaryFolder()
    copyFileSync(join(fixtures, 'segment-append-time.log'), join(dir, firstFile))
    const { log } = open(dir)
    expect(await offsetForTimestamp(log, 1795272080812)).toMatchObject({ offset: 2, timestamp: 1795272080818 })
  })
})

describe('retention', () => {
  const start = 1_700_000_000_000

  it('retention.ms drops whole segments whose newest record is too old, the active one too', () => {
    const { log, lines } = open(filled(20, { segmentBytes: 500 }), { segmentBytes: 500, retentionMs: 10_000 })
    applyRetention(log, start + 20_000)
    expect(log.startOffset).toBeGreaterThan(10)
    expect(log.startOffset).toBeLessThanOrEqual(20)
    expect(lines.at(-1)).toContain('retention.ms removed the records from offset 0')
    applyRetention(log, start + 60_000)
    expect([log.startOffset, log.endOffset, log.sizeBytes]).toEqual([40, 40, 0])
    expect(log.append(batch()).baseOffset).toBe(40)
  })

  it('retention.bytes drops the oldest segments above the size', () => {
    const { log } = open(filled(20, { segmentBytes: 500 }), { segmentBytes: 500, retentionBytes: 1000 })
    applyRetention(log, start)
    expect(log.sizeBytes).toBeGreaterThanOrEqual(1000)
    expect(log.sizeBytes).toBeLessThan(1500)
    expect(all(log).at(-1)).toBe('b19-1')
  })

  it('keeps everything with -1', () => {
    const { log } = open(filled(20, { segmentBytes: 500 }), { segmentBytes: 500 })
    applyRetention(log, start * 2)
    expect(log.startOffset).toBe(0)
  })

  it('removes files before the start that DeleteRecords set', () => {
    const dir = filled(20, { segmentBytes: 500 })
    const { log } = open(dir, { segmentBytes: 500 })
    log.advanceStart(25)
    applyRetention(log, start)
    expect(log.segments[0]!.baseOffset).toBeLessThanOrEqual(25)
    expect(log.segments[1]!.baseOffset).toBeGreaterThan(25)
    expect(readdirSync(dir)).not.toContain(firstFile)
  })
})
