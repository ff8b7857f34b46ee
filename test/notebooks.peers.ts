import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startHome, stopHome } from '../lib/home.ts'
import { root } from '../provisioning/kernelspec.ts'
import { expectNotebook } from './helpers/notebooks.ts'
import {
  cellsOf,
  clearOutputs,
  openNotebook,
  runAllCells,
  startJupyterLab,
  type JupyterLab,
  type ModelCell,
} from './helpers/jupyterlab.ts'
import { aptInstall, has, peersDir, pythonEnv, run, skipUnless } from './helpers/peers.ts'
import { haveRealKafka, startRealKafka, type RealKafka } from './helpers/real-kafka.ts'

aptInstall(['chromium'], ['chromium'])
const browserName = ['chromium', 'chromium-browser', 'google-chrome'].find(has)
const skipped =
  skipUnless(browserName !== undefined, 'no Chromium, and apt could not install one') ??
  skipUnless(has('python3'), 'no python3 for JupyterLab')

const name = '01-hello-lake.ipynb'
/** Looked at by people: what a reader sees when all cells ran. */
const pictures = join(peersDir, 'screenshots')

describe.skipIf(skipped)('JupyterLab in Chromium', () => {
  const dir = mkdtempSync(join(tmpdir(), 'jupyterlab-'))
  let lab: JupyterLab
  let browser: Browser
  let page: Page

  beforeAll(async () => {
    const bin = pythonEnv('jupyterlab', ['jupyterlab==4.6.6'])
    await startHome(join(dir, 'lab'), { port: 0, kafkaPort: 0 })
    lab = await startJupyterLab(join(bin, 'jupyter'), join(dir, 'jupyter'), { LAB_DIR: join(dir, 'lab') })
    browser = await chromium.launch({
      executablePath: run('sh', ['-c', `command -v ${browserName}`]).trim(),
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    })
    page = await browser.newPage({ viewport: { width: 1400, height: 1500 } })
    mkdirSync(pictures, { recursive: true })
  })
  afterAll(async () => {
    await browser?.close()
    await lab?.close()
    await stopHome(join(dir, 'lab'))
    rmSync(dir, { recursive: true, force: true })
  })

  it('runs all cells of the first notebook, with the outputs that are committed', async () => {
    await openNotebook(page, lab, `notebooks/${name}`)
    await clearOutputs(page)
    await runAllCells(page)
    const cells = (await cellsOf(page)).filter(cell => cell.cell_type === 'code')
    const committed = (JSON.parse(readFileSync(join(root, 'notebooks', name), 'utf8')) as { cells: ModelCell[] }).cells
    for (const cell of cells) {
      const expected = committed.find(each => each.id === cell.id)!
      expect(textsOf(cell), `cell ${cell.id}`).toEqual(textsOf(expected))
    }
    await scrollThrough(page)
  })

  it('shows the chart at its natural size', async () => {
    const size = await page.evaluate(
      `(() => { const image = document.querySelector('.jp-OutputArea img'); return image && { shown: image.clientWidth, drawn: image.naturalWidth } })()`,
    )
    expect(size).toEqual({ shown: 860, drawn: 1290 })
  })

  it('completes the names of the lab, with their types', async () => {
    const completions = await page.evaluate(`(async () => {
      const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session
      const { content } = await kernel.requestComplete({ code: 'lab.config.', cursor_pos: 11 })
      return content.matches
    })()`)
    expect(completions).toEqual(expect.arrayContaining(['topic', 'bucket', 'database']))
  })

  it('ends an endless cell by the Stop button, without an error, and goes on', async () => {
    const endless = `import { take } from 'tickerlake'
      async function* clock() { for (let i = 0; ; i++) { await new Promise(resolve => setTimeout(resolve, 20)); yield i } }
      console.log('started')
      const ended = await take(clock(), { seconds: 60 }, () => undefined)
      ended.why`
    const { status, printed } = await stopped(page, endless)
    expect({ status, printed }).toEqual({ status: 'ok', printed: 'started\nstop\n' })
  })
})

/** Runs code in the notebook's kernel, presses Stop after the first output, answers how the cell ended and what it printed. */
const stopped = (page: Page, code: string) =>
  page.evaluate(`(async () => {
    const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session
    const future = kernel.requestExecute({ code: ${JSON.stringify(code)} })
    let printed = ''
    future.onIOPub = ({ header, content }) => {
      if (header.msg_type !== 'stream') return
      if (!printed) setTimeout(() => kernel.interrupt(), 300)
      printed += content.text
    }
    const { content } = await future.done
    return { status: content.status, printed }
  })()`) as Promise<{ status: string; printed: string }>

/** Texts as one string each, tables as they are, pictures by name. */
const textsOf = (cell: ModelCell): string[] =>
  (cell.outputs ?? []).map(output =>
    (output.data ? [output.data['text/html'] ?? output.data['text/plain']] : [output.text]).flat(2).join(''),
  )

/** One picture for each screenful. */
async function scrollThrough(page: Page): Promise<void> {
  const outer = `document.querySelector('.jp-NotebookPanel .jp-WindowedPanel-outer')`
  const height = (await page.evaluate(`${outer}.scrollHeight`)) as number
  for (let y = 0, i = 0; y < height; y += 1300, i++) {
    await page.evaluate(`${outer}.scrollTop = ${y}`)
    await page.waitForTimeout(700)
    await page.screenshot({ path: join(pictures, `${name.slice(0, 2)}-${i}.png`) })
  }
}

const withoutKafka = skipUnless(haveRealKafka(), 'real Kafka needs Java 17 and Maven')

describe.skipIf(withoutKafka)('notebooks on real Kafka 3.9.2', () => {
  const dir = mkdtempSync(join(tmpdir(), 'notebooks-'))
  let kafka: RealKafka
  beforeAll(async () => {
    kafka = await startRealKafka()
    await startHome(dir, { port: 0, kafkaPort: 0 })
  })
  afterAll(async () => {
    await kafka?.close()
    await stopHome(dir)
    rmSync(dir, { recursive: true, force: true })
  })

  it.each(['02-producer.ipynb', '03-consumer-to-s3.ipynb'])('%s shows the same', async name => {
    await expectNotebook(name, { LAB_DIR: dir, LAB_KAFKA: `${kafka.host}:${kafka.port}` })
  })
})
