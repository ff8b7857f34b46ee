import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { parseArgs } from 'node:util'
import { jupyterDir, jupyterEnv, kernelName, root, writeKernelspec, writeLabSettings } from './kernelspec.ts'
import { runNotebook, writeNotebook } from './run-notebook.ts'

const folder = join(root, 'notebooks')
const venv = join(jupyterDir, 'venv')
const venvName = '.jupyter/venv'

const help = `npm run notebooks                       opens the notebooks in JupyterLab
npm run notebooks -- --run NAME         runs one (01, 03-consumer-to-s3, all) without a browser and says how each cell did
npm run notebooks -- --run NAME --save  the same, and keeps the outputs in the file
npm run notebooks -- --yes              does not ask before making .jupyter/venv

In VS Code: install the extensions "Jupyter" and "Python", run \`npx tickerlake kernel\` once, open a notebook of the folder notebooks/ and
choose the kernel "TypeScript (tickerlake)".`

/** The notebooks in order, or the one that `name` begins. */
export function notebookFiles(name: string = 'all'): string[] {
  const all = readdirSync(folder)
    .filter(file => file.endsWith('.ipynb'))
    .sort()
  const found =
    name === 'all' ? all : all.filter(file => file.startsWith(name.replace(/^notebooks\//, '').replace(/\.ipynb$/, '')))
  if (found.length === 0)
    throw new Error(`There is no notebook ${name}; there are ${all.map(file => file.slice(0, -6)).join(', ')}.`)
  return found.map(file => join(folder, file))
}

/** Runs notebooks without a browser; answers whether all cells did what they should. */
async function runAll(name: string, save: boolean): Promise<boolean> {
  let isFine = true
  for (const file of notebookFiles(name)) {
    console.log(file.slice(root.length + 1))
    const { notebook, problems } = await runNotebook(file, {
      onCell: (cell, { status, count, outputs }) => {
        const kinds = outputs.map(output => (output.output_type === 'stream' ? output.name : Object.keys(output.data)[0]))
        console.log(
          `  [${count ?? ' '}] ${status}${cell.metadata.tags?.includes('raises-exception') ? ' (as it should)' : ''}  ${kinds.join(', ')}`,
        )
      },
    })
    for (const problem of problems) console.error(problem)
    if (save && problems.length === 0) writeNotebook(file, notebook)
    isFine &&= problems.length === 0
  }
  return isFine
}

/** A JupyterLab: the project's own, the machine's, or one made now if the reader agrees. */
async function findJupyterLab(isAgreed: boolean): Promise<string[] | undefined> {
  const own = join(venv, 'bin', 'jupyter-lab')
  if (existsSync(own)) return [own]
  if (succeeds('jupyter', ['lab', '--version'])) return ['jupyter', 'lab']
  const python = ['python3', 'python'].find(name => succeeds(name, ['-c', 'import sys; sys.exit(sys.version_info < (3, 9))']))
  if (!python) {
    console.error(`Neither JupyterLab nor Python 3.9 was found. Without them:\n\n${help}`)
    return undefined
  }
  if (
    !isAgreed &&
    !(await ask(`JupyterLab is not installed. Put it into ${venvName} of this project (about 240 MB, nothing global)?`))
  ) {
    console.log(`JupyterLab is not installed. With --yes it is put into ${venvName} of this project.\n\n${help}`)
    return undefined
  }
  console.log('Installing JupyterLab ...')
  const isMade =
    succeeds(python, ['-m', 'venv', venv]) && spawnSync(join(venv, 'bin', 'python'), pip, { stdio: 'inherit' }).status === 0
  if (isMade) return [own]
  console.error(
    `JupyterLab could not be installed into ${venv}: delete that folder, see that Python's venv is there (Debian: apt install python3-venv), try again.`,
  )
  return undefined
}

const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', 'jupyterlab==4.6.6']

const succeeds = (command: string, args: string[]): boolean => spawnSync(command, args, { stdio: 'ignore' }).status === 0

async function ask(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) return false
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const answer = await terminal.question(`${question} [Y/n] `)
  terminal.close()
  return /^(y|yes|)$/i.test(answer.trim())
}

/** Opens JupyterLab with this kernel only, and ends with it. */
function openJupyterLab([command, ...first]: string[], extra: string[]): void {
  writeKernelspec()
  writeLabSettings()
  const [page] = notebookFiles()
  const options = [
    `--ServerApp.root_dir=${root}`,
    `--LabApp.default_url=/lab/tree/${page.slice(root.length + 1)}`,
    '--KernelSpecManager.ensure_native_kernel=False',
    `--KernelSpecManager.allowed_kernelspecs=${kernelName}`,
    `--MultiKernelManager.default_kernel_name=${kernelName}`,
  ]
  const child = spawn(command, [...first, ...options, ...extra], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...jupyterEnv() },
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  child.on('exit', code => (process.exitCode = code ?? 0))
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      run: { type: 'string' },
      save: { type: 'boolean', default: false },
      yes: { type: 'boolean', default: false },
      help: { type: 'boolean' },
    },
  })
  if (values.help) return console.log(help)
  if (values.run !== undefined) {
    if (!(await runAll(values.run, values.save))) process.exitCode = 1
    return
  }
  const lab = await findJupyterLab(values.yes)
  if (lab) openJupyterLab(lab, positionals)
  else process.exitCode = 1
}

if (import.meta.main) {
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  })
}
