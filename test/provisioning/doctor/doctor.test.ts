import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { crawl } from '../../../lib/crawler.ts'
import { produce } from '../../../lib/producer.ts'
import { sink } from '../../../lib/sink/sink.ts'
import { createTopic } from '../../../lib/topic.ts'
import { temporaryFolder } from '../../helpers/folder.ts'
import { homeForTests, type OpenLab } from '../../helpers/lab.ts'
import { someQuotes } from '../../helpers/quotes.ts'
import { problem, seen, wrongs } from './look.ts'

let open: OpenLab
beforeAll(async () => {
  open = (await homeForTests()).open
})

it('finds nothing wrong in a lab that went the whole path', async () => {
  const lab = open()
  await createTopic(lab, lab.config.topic)
  await produce(lab, someQuotes(60))
  await sink(lab)
  await crawl(lab)
  const root = temporaryFolder()
  execFileSync('git', ['init', '-q'], { cwd: root })
  const findings = await seen(lab, [], { root })
  expect(wrongs(findings)).toEqual([])
  expect(findings.filter(({ state }) => state === 'ok').length).toBeGreaterThan(12)
})

it('says one thing of a lab in which nothing was done yet', async () => {
  const findings = await seen(open({ bucket: 'doctor-none' }), ['kafka', 'bucket', 'catalog', 'query'])
  expect(wrongs(findings)).toEqual([expect.stringMatching(/^there is no topic t\d.*topics create t\d/)])
  expect(findings.filter(({ state }) => state === 'skipped').map(({ symptom }) => symptom)).toEqual([
    expect.stringContaining('bucket doctor-none: there is none yet'),
    expect.stringContaining('catalog: the bucket first'),
  ])
})

it('says that the home does not run, and nothing that follows from it', async () => {
  const dir = temporaryFolder()
  const findings = await seen(open({ dir }), [], { ports: [], root: dir })
  expect(wrongs(findings)).toEqual([expect.stringContaining('the embedded home does not run')])
  writeFileSync(join(dir, 'home.json'), JSON.stringify({ pid: 2 ** 22 + 1, endpoint: 'http://127.0.0.1:1', brokers: [] }), {
    mode: 0o600,
  })
  expect(wrongs(await seen(open({ dir }), ['machine'], { ports: [], root: dir }))).toEqual([
    expect.stringMatching(/although .*home\.json says process 4194305.*killed, out of memory/),
  ])
})

it('says that an AWS-alike does not answer, once', async () => {
  const lab = open({ cloud: { kind: 'endpoint', url: 'http://127.0.0.1:1', region: 'us-east-1' } })
  expect(await problem(lab, ['bucket', 'catalog', 'query'])).toMatch(/LAB_CLOUD http:\/\/127.0.0.1:1: refused/)
})
