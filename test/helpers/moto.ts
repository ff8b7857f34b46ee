import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { waitFor } from '../../lib/wait.ts'
import { aptInstall, has, pythonEnv, run } from './peers.ts'

/** moto: AWS's control plane in one process, good enough to check every call the scripts make. */
export interface Moto {
  endpoint: string
  /** Forgets everything. */
  reset(): Promise<void>
  close(): void
}

/** Why moto cannot run here, or undefined. */
export const motoProblem = (): string | undefined => (has('python3') ? undefined : 'moto and the AWS CLI need python3')

/** Starts moto on a free port. */
export async function startMoto(): Promise<Moto> {
  const bin = pythonEnv('moto', ['moto[server]==5.2.1'])
  const port = await freePort()
  const server = spawn(join(bin, 'moto_server'), ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' })
  const endpoint = `http://127.0.0.1:${port}`
  await waitFor(
    'moto',
    () =>
      fetch(`${endpoint}/moto-api/`).then(
        answer => answer.ok,
        () => false,
      ),
    { timeoutMs: 60_000 },
  )
  return {
    endpoint,
    async reset() {
      await fetch(`${endpoint}/moto-api/reset`, { method: 'POST' })
    },
    close: () => void server.kill('SIGKILL'),
  }
}

/** An AWS CLI, to be named in AWS_CLI. */
export interface Cli {
  command: string
  version: string
  close(): void
}

// moto names China's and others, in which its tagging service then fails
const regions = JSON.stringify({ Regions: ['us-east-1', 'eu-west-1', 'ap-south-1'].map(RegionName => ({ RegionName })) })

/** AWS CLI version 1 (PyPI) or 2 (Debian's package; undefined where there is none), loaded once and forked for each call. */
export async function startCli(generation: 1 | 2): Promise<Cli | undefined> {
  const python = generation === 1 ? join(pythonEnv('awscli', ['awscli==1.45.11']), 'python') : debianPython()
  if (!python) return undefined
  const dir = mkdtempSync(join(tmpdir(), 'aws-fork-'))
  const command = join(dir, 'aws')
  writeFileSync(
    command,
    `#!/bin/sh\n[ "$1 $2" != 'ec2 describe-regions' ] || { echo '${regions}'; exit; }\nAWS_FORK='${dir}/s' exec '${python}' -E -S '${join(import.meta.dirname, 'aws-fork-call.py')}' "$@"\n`,
    { mode: 0o755 },
  )
  const server = spawn(python, [join(import.meta.dirname, 'aws-fork.py'), join(dir, 's')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await ready(server)
  const version = run(command, ['--version']).trim()
  return {
    command,
    version,
    close() {
      server.kill('SIGKILL')
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

/** The Python that has AWS CLI 2 from Debian's package `awscli`. */
function debianPython(): string | undefined {
  const python = '/usr/bin/python3'
  const isV2 = (): boolean =>
    existsSync(python) &&
    /^2\./.test(run(python, ['-c', 'try:\n import awscli; print(awscli.__version__)\nexcept ImportError: print("none")']))
  if (isV2()) return python
  return aptInstall(['awscli'], ['/usr/bin/aws']) && isV2() ? python : undefined
}

function ready(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    server.stdout?.once('data', () => resolve())
    server.once('exit', code => reject(new Error(`the AWS CLI's server ended with ${code}`)))
  })
}

function freePort(): Promise<number> {
  return new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
