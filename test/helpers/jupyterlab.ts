import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { kernelName, root, writeKernelspec } from '../../provisioning/kernelspec.ts'

export interface JupyterLab {
  url: string
  token: string
  log(): string
  close(): Promise<void>
}

/** Starts a JupyterLab whose files all lie in `dir`; `env` reaches the kernels. It never saves a notebook by itself. */
export async function startJupyterLab(jupyter: string, dir: string, env: Record<string, string>): Promise<JupyterLab> {
  writeKernelspec(join(dir, 'kernels'))
  writeSettings(dir, 'apputils-extension/notification', { fetchNews: 'false', checkForUpdates: false })
  writeSettings(dir, 'docmanager-extension/plugin', { autosave: false })
  const port = await freePort()
  const token = 'peers'
  const args = [
    'lab',
    '--no-browser',
    '--ip=127.0.0.1',
    `--port=${port}`,
    '--ServerApp.port_retries=0',
    `--ServerApp.root_dir=${root}`,
    `--IdentityProvider.token=${token}`,
    '--KernelSpecManager.ensure_native_kernel=False',
    `--KernelSpecManager.allowed_kernelspecs=${kernelName}`,
    '--expose-app-in-browser',
    ...(process.getuid?.() === 0 ? ['--allow-root'] : []),
  ]
  const folders = {
    JUPYTER_PATH: dir,
    JUPYTER_CONFIG_DIR: join(dir, 'config'),
    JUPYTER_DATA_DIR: join(dir, 'data'),
    JUPYTER_RUNTIME_DIR: join(dir, 'runtime'),
    JUPYTERLAB_SETTINGS_DIR: join(dir, 'settings'),
    JUPYTERLAB_WORKSPACES_DIR: join(dir, 'workspaces'),
    IPYTHONDIR: join(dir, 'ipython'),
  }
  const child = spawn(jupyter, args, {
    cwd: root,
    env: { ...process.env, ...folders, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (log += chunk.toString()))
  const gone = new Promise<void>(resolve => child.once('exit', () => resolve()))
  const url = `http://127.0.0.1:${port}`
  const deadline = performance.now() + 90_000
  while (
    !(await fetch(`${url}/api/status?token=${token}`)
      .then(answer => answer.ok)
      .catch(() => false))
  ) {
    if (child.exitCode !== null || performance.now() > deadline) throw new Error(`JupyterLab did not start:\n${log}`)
    await new Promise(resolve => setTimeout(resolve, 150))
  }
  const close = async () => {
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
    await gone
    clearTimeout(timer)
  }
  return { url, token, log: () => log, close }
}

function writeSettings(dir: string, name: string, settings: object): void {
  const [plugin, file] = name.split('/')
  const folder = join(dir, 'settings', '@jupyterlab', plugin)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `${file}.jupyterlab-settings`), JSON.stringify(settings))
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}

/** Opens a notebook and waits until its kernel is idle. */
export async function openNotebook(page: Page, lab: JupyterLab, path: string): Promise<void> {
  await page.goto(`${lab.url}/lab/tree/${path}?token=${lab.token}&reset`, { waitUntil: 'domcontentloaded' })
  await page.waitForSelector('.jp-NotebookPanel .jp-Notebook .jp-Cell', { timeout: 90_000 })
  await page.waitForFunction(`${widget}.sessionContext?.session?.kernel?.status === 'idle'`, null, { timeout: 90_000 })
}

/** Run, Run All Cells; waits until the last cell is done. */
export async function runAllCells(page: Page, timeoutMs: number = 180_000): Promise<void> {
  await page.click('.lm-MenuBar-itemLabel:text-is("Run")')
  await page.click('.lm-Menu-itemLabel:text-is("Run All Cells")')
  await page.waitForFunction(isDone, null, { timeout: timeoutMs, polling: 250 })
}

export interface ModelCell {
  id: string
  cell_type: string
  execution_count?: number | null
  outputs?: { name?: string; text?: string | string[]; data?: Record<string, unknown> }[]
}

/** The cells as JupyterLab has them. The page itself holds only those in view. */
export async function cellsOf(page: Page): Promise<ModelCell[]> {
  return (await page.evaluate(
    `(() => { const { cells } = ${widget}.content.model; return Array.from({ length: cells.length }, (_, i) => cells.get(i).toJSON()) })()`,
  )) as ModelCell[]
}

/** Empties all outputs, so that what is there afterwards is new. */
export async function clearOutputs(page: Page): Promise<void> {
  await page.evaluate(
    `(() => { const { cells } = ${widget}.content.model; for (let i = 0; i < cells.length; i++) if (cells.get(i).type === 'code') { cells.get(i).clearExecution() } })()`,
  )
}

const widget = 'window.jupyterapp.shell.currentWidget'
const isDone = `(() => {
  const codes = ${widget}.content.widgets.filter(each => each.model.type === 'code')
  return ${widget}.sessionContext.session.kernel.status === 'idle' && codes.every(each => each.prompt !== '*') && codes.some(each => each.model.executionCount > 0)
})()`
