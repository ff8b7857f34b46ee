import { execFile, execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { script } from '../../provisioning/host/script.ts'
import type { Host } from '../../provisioning/host/ssh.ts'
import { temporaryFolder } from './folder.ts'

/** Commands of this machine that a host on paper has too; the rest are stand-ins or missing. */
const real =
  'bash awk basename cat chmod cp curl cut date dirname env find grep gzip head install ln ls mkdir mktemp mv openssl printf readlink rm rmdir sed sha256sum sha512sum sort stat tail tar touch tr true'
    .split(' ')
    .filter(Boolean)

const paths = new Map<string, string>()
function pathOf(tool: string): string {
  if (!paths.size) {
    const found = execFileSync('bash', ['-c', `type -P ${real.join(' ')}`], { encoding: 'utf8' })
      .trim()
      .split('\n')
    found.forEach(path => paths.set(basename(path), path))
  }
  return paths.get(tool) as string
}

/**
 * A host on paper: scripts run here, as the test's own user, with a root folder of its own (/etc, /opt, /var, /run, /proc and
 * /swapfile lead there) and nothing on the PATH but plain tools and stand-ins that note how they were called.
 */
export class StubHost implements Pick<Host, 'run'> {
  readonly root = temporaryFolder()
  readonly #bin = join(this.root, 'bin')

  constructor(osRelease: string, { missing = [] as string[], systemd = true } = {}) {
    for (const folder of ['bin', 'etc', 'opt', 'proc', 'run', 'usr', 'var/lib'])
      mkdirSync(join(this.root, folder), { recursive: true })
    if (systemd) mkdirSync(join(this.root, 'run/systemd/system'), { recursive: true })
    if (osRelease) this.write('etc/os-release', osRelease)
    for (const tool of real.filter(tool => !missing.includes(tool))) symlinkSync(pathOf(tool), join(this.#bin, tool))
    for (const tool of ['sleep', 'chown', 'free'].filter(tool => !missing.includes(tool))) this.stub(tool)
    writeFileSync(join(this.root, 'calls'), '')
  }

  /** Puts a command there that notes its arguments and then does `body` (bash). */
  stub(command: string, body = ''): void {
    const note = `printf '%s\\n' "${command} $*" >> '${join(this.root, 'calls')}'`
    writeFileSync(join(this.#bin, command), `#!${pathOf('bash')}\nROOT='${this.root}'\n${note}\n${body}\n`, { mode: 0o755 })
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true })
    writeFileSync(join(this.root, path), text)
  }

  read(path: string): string {
    return existsSync(join(this.root, path)) ? readFileSync(join(this.root, path), 'utf8') : ''
  }

  /** How the stand-ins were called, and forgets it. */
  calls(): string[] {
    const lines = this.read('calls').split('\n').filter(Boolean)
    this.write('calls', '')
    return lines
  }

  async run(parts: TemplateStringsArray, ...values: Parameters<typeof script>[1][]): Promise<string> {
    return this.bash(`set -euo pipefail\n{\n${script(parts, ...values)}\n} </dev/null\n`)
  }

  /** Runs a script with the host's own root, which its output does not show. Throws with what it wrote to standard error. */
  bash(text: string): Promise<string> {
    const moved = text.replace(/(?<![\w.}/-])\/(etc|opt|var|run|proc|usr|swapfile)\b/g, `${this.root}/$1`)
    return new Promise((resolve, reject) => {
      const child = execFile(join(this.#bin, 'bash'), ['-s'], { env: { PATH: this.#bin } }, (error, stdout, stderr) =>
        error ? reject(new Error(stderr)) : resolve(stdout.replaceAll(this.root, '').trim()),
      )
      child.stdin?.end(moved)
    })
  }
}
