// Runs before `npm start`, `npm test` and `npm run notebooks`, on whatever Node the machine has: makes node_modules what package-lock.json says
// (once), and the types that notebook cells see. Plain JavaScript without `node:` names, so that an old Node can still read it and say what is wrong.
import { spawn, spawnSync } from 'child_process'
import { createHash } from 'crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'fs'
import { dirname, join } from 'path'
import { fileURLToPath, pathToFileURL } from 'url'

const oldestNode = 20
const oldestNpm = 9
/** `lib/` is run as TypeScript, which Node does by itself from here on. */
const oldestHostNode = 24

/** A sentence for people: what is wrong and what to do. */
class SetupError extends Error {}

/** Why this machine cannot run the project, or undefined. */
export function refusal({ platform, arch, node, npm }) {
  if (platform === 'win32')
    return 'tickerlake runs on Linux, on macOS and in WSL, not on native Windows: install WSL (`wsl --install`), clone the project inside it and run the same command there.'
  if (!['linux', 'darwin'].includes(platform) || !['x64', 'arm64'].includes(arch))
    return `tickerlake runs on Linux and macOS, x64 or arm64; this is ${platform} ${arch}: use another machine or a container.`
  if (major(node) < oldestNode)
    return `Node ${node} is too old, ${oldestNode} or newer is needed: install a newer one (https://nodejs.org) and run the same command again.`
  if (npm && major(npm) < oldestNpm)
    return `npm ${npm} is too old, ${oldestNpm} or newer is needed: run \`npm install --global npm@latest\`, then the same command again.`
  return undefined
}

const major = version => Number(version.replace(/^v/, '').split('.')[0])

/** Whether every package that the lock file wants on this platform is installed in its version. Reads npm's own record of the tree. */
export function isInstalled(root, { platform = process.platform, arch = process.arch } = {}) {
  const wanted = readJson(join(root, 'package-lock.json'))
  const found = readJson(join(root, 'node_modules', '.package-lock.json'))
  if (!wanted || !found) return false
  return Object.entries(wanted.packages).every(([path, entry]) => {
    if (!path.startsWith('node_modules/') || entry.link || entry.libc) return true
    if ((entry.os && !entry.os.includes(platform)) || (entry.cpu && !entry.cpu.includes(arch))) return true
    return found.packages[path]?.version === entry.version || (entry.optional && !entry.os && !entry.cpu)
  })
}

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}

const networkCodes =
  /^(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ECONNABORTED|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|EPROTO|ERR_SOCKET_TIMEOUT|ERR_INVALID_URL|ENOTCACHED|E5\d\d)$/
const certificateCodes = /CERT|SSL|UNABLE_TO_VERIFY/

/** npm's complaint as one sentence. */
export function explain(complaint) {
  const code =
    /npm (?:ERR!|error) code (\S+)/.exec(complaint)?.[1] ?? /attempt \d failed with (\S+)/.exec(complaint)?.[1] ?? 'no code'
  const again = 'then run the same command again.'
  if (networkCodes.test(code))
    return `The packages could not be downloaded, the npm registry does not answer (${code}): check the network, and proxy and registry in \`npm config list\`, ${again}`
  if (certificateCodes.test(code))
    return `The packages could not be downloaded, the registry's certificate is not trusted (${code}): set \`npm config set cafile FILE\` to your company's certificate, ${again}`
  if (/^(E401|E403|E404|ETARGET)$/.test(code))
    return `The npm registry does not give out a package (${code}): let \`npm config get registry\` name one that has all of npmjs.org, ${again}`
  if (/^(EACCES|EPERM|EROFS)$/.test(code)) return unwritable(code)
  if (code === 'ENOSPC') return `The disk is full, the packages need about 700 MB (${code}): make room, ${again}`
  if (code === 'EINTEGRITY') return `A downloaded package is damaged (${code}): run \`npm cache clean --force\`, ${again}`
  if (code === 'EUSAGE')
    return `package.json and package-lock.json do not belong together (${code}): restore both with git, ${again}`
  const said = complaint.split('\n').filter(text => text.trim() !== '' && !/^npm (http|warn|WARN)/.test(text))
  const line = said.find(text => /^npm (ERR!|error) (?!code|A complete log)/.test(text)) ?? said.pop() ?? 'npm said nothing'
  return `The packages could not be installed (${line.replace(/^npm (ERR!|error) /, '')}): run \`npm ci\` to see all of it.`
}

const unwritable = code =>
  `The project's folder cannot be written (${code}): copy it to a folder of your own, or make it yours with chown, then run the same command again.`

/** Whether twenty downloads failed and none came: npm would go on trying for minutes, package by package. */
export const isCutOff = complaint => !/fetch GET 200/.test(complaint) && complaint.split(' failed with ').length > 20

/** `npm ci` in `root`, quiet; on a terminal with a clock. */
async function install(root) {
  const [command, ...first] = npmCommand()
  const options = [
    '--no-audit',
    '--no-fund',
    '--loglevel=http',
    '--include=dev',
    '--include=optional',
    '--fetch-retry-mintimeout=1000',
    '--fetch-retry-maxtimeout=8000',
  ]
  const clock = showClock('Installing packages, once: about half a minute')
  const child = spawn(command, [...first, 'ci', ...options], { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] })
  let complaint = ''
  child.stderr.on('data', chunk => {
    complaint += chunk
    if (isCutOff(complaint)) child.kill()
  })
  const status = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve)).catch(error => {
    throw new SetupError(
      `npm could not be started (${error.code}): install Node with npm (https://nodejs.org), then run the same command again.`,
    )
  })
  clock.stop()
  if (status !== 0) throw new SetupError(explain(complaint))
}

/** The npm that runs us; without one (started by hand, or by another package manager) the one on PATH. */
function npmCommand() {
  const script = process.env.npm_execpath
  return script && /npm-cli\.c?js$/.test(script) ? [process.execPath, script] : ['npm']
}

function npmVersion() {
  const agent = /^npm\/(\S+)/.exec(process.env.npm_config_user_agent ?? '')
  return agent ? agent[1] : spawnSync('npm', ['--version'], { encoding: 'utf8' }).stdout?.trim()
}

function showClock(text) {
  const begin = Date.now()
  if (!process.stderr.isTTY) {
    process.stderr.write(`${text} ...\n`)
    return { stop() {} }
  }
  const draw = () => process.stderr.write(`\r${text} ... ${Math.round((Date.now() - begin) / 1000)} s `)
  draw()
  const timer = setInterval(draw, 1000)
  return {
    stop() {
      clearInterval(timer)
      draw()
      process.stderr.write('\n')
    },
  }
}

/**
 * Makes sure that npm's scripts find a Node that runs TypeScript: the pinned one of the package `node`, whose binary comes by an install script
 * (which `ignore-scripts` forbids, so it is made up for here), else the host's own when it is new enough.
 */
function chooseNode(root) {
  const pinned = join(root, 'node_modules', '.bin', 'node')
  const works = () => spawnSync(pinned, ['--version']).status === 0
  if (works()) return
  const home = join(root, 'node_modules', 'node')
  const made = spawnSync(process.execPath, ['installArchSpecificPackage.js'], { cwd: home, stdio: 'ignore' }).status === 0
  rmSync(pinned, { force: true })
  if (made) symlinkSync(join('..', 'node', 'bin', 'node'), pinned)
  if (made && works()) return
  rmSync(pinned, { force: true })
  if (major(process.version) < oldestHostNode)
    throw new SetupError(
      `The npm package \`node\` has no build that runs on this ${process.platform} ${process.arch}, and Node ${process.version} is too old to stand in: install Node ${oldestHostNode} or newer, then run the same command again.`,
    )
}

/** Whether npm's scripts find a Node that runs TypeScript. After `npm ci --ignore-scripts` the pinned one is not there yet. */
export const hasNode = (root, version = process.version) =>
  existsSync(join(root, 'node_modules', '.bin', 'node')) || major(version) >= oldestHostNode

/** What `lib/dist` was made from, as a text that changes when a source does. */
function typesKey(root) {
  const hash = createHash('sha256')
  for (const file of sourcesIn(join(root, 'lib'))) {
    const { mtimeMs, size } = statSync(file)
    hash.update(`${file} ${mtimeMs} ${size}\n`)
  }
  return hash.digest('hex')
}

function sourcesIn(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
    if (entry.isDirectory()) return entry.name === 'dist' ? [] : sourcesIn(join(folder, entry.name))
    return /\.(ts|json)$/.test(entry.name) ? [join(folder, entry.name)] : []
  })
}

/** The types that cells see (tslab cannot read `exports` or raw TypeScript of a package). An error in them is `npm run check`'s business. */
function makeTypes(root) {
  const stamp = join(root, 'lib', 'dist', '.made-from')
  const key = typesKey(root)
  if (readText(stamp) === key) return
  spawnSync(process.execPath, [
    join(root, 'node_modules', 'typescript', 'bin', 'tsc'),
    '-p',
    join(root, 'lib', 'tsconfig.dts.json'),
  ])
  mkdirSync(dirname(stamp), { recursive: true })
  writeFileSync(stamp, key)
}

const typesAreFresh = root => readText(join(root, 'lib', 'dist', '.made-from')) === typesKey(root)

function readText(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

/** Runs `work` while no other set-up does; one whose process is gone does not count. */
async function alone(root, work) {
  const lock = join(root, '.setup.lock')
  while (!take(lock)) {
    const owner = readText(lock)
    if (owner && !isAlive(Number(owner))) dropDead(lock, owner)
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  try {
    return await work()
  } finally {
    rmSync(lock, { force: true })
  }
}

function take(lock) {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw new SetupError(unwritable(error.code))
  }
}

/** Takes away the lock of a process that is gone; puts it back when somebody was faster and it is theirs. */
function dropDead(lock, owner) {
  const aside = `${lock}.${process.pid}`
  try {
    renameSync(lock, aside)
    if (readText(aside) === owner) rmSync(aside)
    else renameSync(aside, lock)
  } catch {
    // somebody else dropped it first
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/** Everything; does nothing when there is nothing to do. */
export async function setUp(root) {
  const here = { platform: process.platform, arch: process.arch, node: process.version }
  const refused = refusal(here)
  if (refused) throw new SetupError(refused)
  if (isInstalled(root) && hasNode(root) && typesAreFresh(root)) return
  await alone(root, async () => {
    if (!isInstalled(root)) {
      const tooOld = refusal({ ...here, npm: npmVersion() })
      if (tooOld) throw new SetupError(tooOld)
      await install(root)
      chooseNode(root)
    } else if (!hasNode(root)) chooseNode(root)
    makeTypes(root)
  })
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const root = join(dirname(fileURLToPath(import.meta.url)), '..')
  setUp(root).catch(error => {
    console.error(error instanceof SetupError ? error.message : error)
    process.exitCode = 1
  })
}
