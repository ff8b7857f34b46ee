import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { makeFolder } from '../lib/folder.ts'

export const root: string = join(import.meta.dirname, '..')

/** All of Jupyter's files lie here: nothing outside the project is read or written. */
export const jupyterDir: string = join(root, '.jupyter')

/** The command of a tslab kernel for this project, on the project's Node. Flags are arguments because NODE_OPTIONS would reach a cell's children. */
export function kernelArguments(connectionFile: string): string[] {
  const tslab = join(root, 'node_modules', 'tslab', 'bin', 'tslab')
  const fixes = join(import.meta.dirname, 'tslab-fixes.ts')
  const flags = ['--import', fixes, '--enable-source-maps', '--stack-trace-limit=3', '--disable-warning=ExperimentalWarning']
  return [process.execPath, ...flags, tslab, 'kernel', '--config-path', connectionFile]
}

/** The kernel's name for Jupyter and in the notebooks' metadata. */
export const kernelName = 'tickerlake'

/** Writes the kernel (absolute paths, as Jupyter wants them) into a folder of kernels; answers the file. */
export function writeKernelspec(kernels: string = join(jupyterDir, 'kernels')): string {
  const folder = join(kernels, kernelName)
  const file = join(folder, 'kernel.json')
  makeFolder(folder)
  const spec = {
    argv: kernelArguments('{connection_file}'),
    display_name: 'TypeScript (tickerlake)',
    language: 'typescript',
    interrupt_mode: 'signal',
    env: { KAFKAJS_NO_PARTITIONER_WARNING: '1' },
  }
  writeFileSync(file, JSON.stringify(spec, null, 2) + '\n')
  return file
}

/** Takes the kernel out of a folder of kernels; answers whether it was there. */
export function removeKernelspec(kernels: string): boolean {
  const folder = join(kernels, kernelName)
  const isThere = existsSync(folder)
  rmSync(folder, { recursive: true, force: true })
  return isThere
}

/** Where Jupyter and VS Code look for the user's own kernels. */
export function userKernels(env: NodeJS.ProcessEnv = process.env, platform: string = process.platform): string {
  if (env.JUPYTER_DATA_DIR) return join(env.JUPYTER_DATA_DIR, 'kernels')
  if (platform === 'darwin') return join(homedir(), 'Library', 'Jupyter', 'kernels')
  return join(env.XDG_DATA_HOME || join(homedir(), '.local', 'share'), 'jupyter', 'kernels')
}

/** The environment with which a Jupyter process stays inside the project. */
export function jupyterEnv(): Record<string, string> {
  return {
    JUPYTER_PATH: jupyterDir,
    JUPYTER_CONFIG_DIR: join(jupyterDir, 'config'),
    JUPYTER_DATA_DIR: join(jupyterDir, 'data'),
    JUPYTER_RUNTIME_DIR: join(jupyterDir, 'runtime'),
    JUPYTERLAB_SETTINGS_DIR: join(jupyterDir, 'lab', 'user-settings'),
    JUPYTERLAB_WORKSPACES_DIR: join(jupyterDir, 'lab', 'workspaces'),
    IPYTHONDIR: join(jupyterDir, 'ipython'),
  }
}

/** JupyterLab asks a newcomer about news and looks for updates on the net: both off. Settings that exist stay. */
export function writeLabSettings(): void {
  const folder = join(jupyterDir, 'lab', 'user-settings', '@jupyterlab', 'apputils-extension')
  const file = join(folder, 'notification.jupyterlab-settings')
  if (existsSync(file)) return
  makeFolder(folder)
  writeFileSync(file, JSON.stringify({ fetchNews: 'false', checkForUpdates: false }) + '\n')
}
