import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { findHome, startHome, stopHome } from '../../lib/home.ts'
import { csvHeader } from '../../lib/quote.ts'
import { waitFor } from '../../lib/wait.ts'
import { runCli, startCli } from '../helpers/cli.ts'

let dir: string
const start = (...args: string[]) => runCli(['start', ...args], { LAB_DIR: dir })

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'tickerlake-start-'))
  await startHome(dir, { port: 0, kafkaPort: 0 })
})
afterAll(async () => {
  await stopHome(dir)
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
})

it('goes the whole path, twice with the same numbers', async () => {
  const first = await start('--json')
  expect(first, first.stderr).toMatchObject({ code: 0 })
  const { seconds, ...report } = JSON.parse(first.stdout)
  expect(report).toMatchObject({
    events: 5000,
    rows: 5000,
    table: 'realtime_de_db.quotes',
    chart: expect.stringMatching(/growth\.png$/),
  })
  expect(report.columns).toContainEqual({ name: 'volume', type: 'double' })
  expect(Object.keys(report.symbols)).toHaveLength(13)
  expect(Object.keys(seconds)).toEqual(['start', 'produce', 'sink', 'crawl', 'query', 'chart', 'total'])
  const { seconds: _, bytes, ...again } = JSON.parse((await start('--json')).stdout)
  expect(again).toEqual({ ...report, bytes: undefined })
  expect(bytes).toBeGreaterThan(100_000)
})

it('prints plain lines in a pipe and ends with what to try next', async () => {
  const { stdout, code } = await start()
  expect(code).toBe(0)
  expect(stdout).not.toContain('\u001b')
  expect(stdout).toMatch(/produce .*5000 events/)
  expect(stdout).toMatch(/Try next:\n.*tickerlake query.*\n.*tickerlake chart.*\n.*npm run notebooks/)
})

it('takes any file of the same header, leaves bad rows out and says which', async () => {
  const csv = join(dir, 'own.csv')
  writeFileSync(
    csv,
    [
      csvHeader.join(','),
      'X,2020-01-02,1.0,2.0,0.5,1.5,1.5,10.0,1.5',
      'X,2020-01-03,1.0,2.0,0.5,oops,1.5,10.0,1.5',
      'X,2020-01-06,1.0,2.0',
      '',
    ].join('\n'),
  )
  const { code, stdout, stderr } = await start('--csv', csv, '--json')
  expect(code, stderr).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ events: 1, rows: 1, symbols: { X: { rows: 1, maxClose: 1.5 } } })
  expect(stderr).toContain(`${csv}, line 3: Close is not a number: "oops"`)
  expect(stderr).toContain(`${csv}, line 4: expected 9 fields, got 4`)
})

it('answers right for symbols of any text', async () => {
  const symbols = ['__proto__', 'constructor', 'a"b', "o'b", 'x\ny', '日本🚀', 'a,b', '1', '<b>', '\\', 'x'.repeat(300)]
  const quoted = (symbol: string) => `"${symbol.replaceAll('"', '""')}"`
  const csv = join(dir, 'symbols.csv')
  const rows = symbols.map((symbol, day) => `${quoted(symbol)},2020-01-0${(day % 9) + 1},1.0,2.0,0.5,${day}.5,1.5,10.0,1.5`)
  writeFileSync(csv, [csvHeader.join(','), ...rows, ''].join('\n'))
  const { code, stdout, stderr } = await start('--csv', csv, '--json')
  expect(code, stderr).toBe(0)
  const report = JSON.parse(stdout) as { symbols: object }
  const expected = symbols.map((symbol, day) => [symbol, { rows: 1, maxClose: day + 0.5 }] as const)
  expect(new Map(Object.entries(report.symbols))).toEqual(new Map(expected))
})

it('tells of ten bad rows, then only how many there were, and of a file in which none is good', async () => {
  const csv = join(dir, 'bad.csv')
  const bad = Array.from({ length: 40 }, (_, i) => `bad ${i}`)
  writeFileSync(csv, [csvHeader.join(','), ...bad, 'X,2020-01-02,1.0,2.0,0.5,1.5,1.5,10.0,1.5', ''].join('\n'))
  const { code, stdout } = await start('--csv', csv)
  expect(code).toBe(0)
  expect(stdout.split('\n').filter(line => line.includes('expected 9 fields'))).toHaveLength(10)
  expect(stdout).toContain('30 more rows left out.')
  expect(stdout).toContain('1 event, 40 rows left out')
  writeFileSync(csv, [csvHeader.join(','), ''].join('\n'))
  expect(await start('--csv', csv)).toMatchObject({ code: 1, stderr: expect.stringContaining('has no row that could be sent') })
})

it('deletes nothing when the file is wrong', async () => {
  await start()
  expect(await start('--csv', join(dir, 'none.csv'))).toMatchObject({ code: 1, stdout: '' })
  const { stdout } = await runCli(['query', 'SELECT count(*) AS n FROM quotes', '--csv'], { LAB_DIR: dir })
  expect(stdout).toBe('n\n5000\n')
})

it('has one turn at a time, and does not wait for one that was killed', async () => {
  const first = startCli(['start'], { LAB_DIR: dir })
  await waitFor('the first stage', () => /\d s {2}start/.test(first.written()))
  expect(await start()).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^error: npm start: runs already in .*process \d+/),
  })
  first.child.kill('SIGKILL')
  await first.ended
  expect(await start()).toMatchObject({ code: 0 })
})

it('ends soon after Ctrl-C, whatever it waits for', async () => {
  const own = mkdtempSync(join(tmpdir(), 'tickerlake-silent-'))
  const { pid } = await startHome(own, { port: 0, kafkaPort: 0 })
  try {
    process.kill(pid, 'SIGSTOP')
    const waiting = startCli(['start'], { LAB_DIR: own })
    await waitFor('a home that keeps silent', () => readFileSync(join(own, 'home.log'), 'utf8').includes('already runs'))
    waiting.child.kill('SIGINT')
    expect(await waiting.ended).toMatchObject({ code: 1, stderr: expect.stringContaining('interrupted') })
  } finally {
    process.kill(pid, 'SIGKILL')
    rmSync(own, { recursive: true, force: true, maxRetries: 5 })
  }
})

it('says what is wrong with the file', async () => {
  const csv = join(dir, 'wrong.csv')
  writeFileSync(csv, 'a,b\n1,2\n')
  expect(await start('--csv', csv)).toMatchObject({ code: 1, stderr: expect.stringContaining('expected the header Index,Date') })
  expect(await start('--csv', join(dir, 'none.csv'))).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('there is no such file'),
  })
})

it('can be interrupted, and its home killed, and the next run works', async () => {
  const stopped = startCli(['start'], { LAB_DIR: dir })
  await waitFor('the first stage', () => /produce|start/.test(stopped.written()))
  stopped.child.kill('SIGINT')
  expect(await stopped.ended).toMatchObject({ code: 1, stderr: expect.stringContaining('interrupted') })

  const killed = startCli(['start'], { LAB_DIR: dir })
  await waitFor('the first stage', () => /\d s {2}start/.test(killed.written()))
  process.kill((await findHome(dir))!.pid, 'SIGKILL')
  const { code, stderr } = await killed.ended
  expect(code).toBe(1)
  expect(stderr).toMatch(/^error: /m)
  await startHome(dir, { port: 0, kafkaPort: 0 })
  expect(JSON.parse((await start('--json')).stdout)).toMatchObject({ events: 5000, rows: 5000 })
})
