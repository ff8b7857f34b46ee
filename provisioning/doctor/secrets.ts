import { spawnSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type Finding, fine, skipped, some, wrong } from './finding.ts'

/** Larger files are data. */
const mostBytes = 2_000_000

const secretNames = /^(aws|kafka|\.)?\.?env$|\.pem$|^id_(rsa|dsa|ecdsa|ed25519)$|^credentials$|^secrets\.json$/
// access keys of users and of sessions; the ones that end in EXAMPLE are AWS's own for documents
const accessKey = /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g
const privateKey = /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\s+[A-Za-z0-9+/=]{20}/
const secretKey = /aws_?secret_?access_?key["']?\s*[:=]\s*["']?[A-Za-z0-9/+]{40}\b/i

/** Looks for keys in what git has or `git add .` would take; and for scripts that Windows has spoiled. */
export function lookAtSecrets(root: string): Finding[] {
  const listed = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  })
  if (listed.status !== 0) return [skipped(`secrets in ${root}: no git there, so nothing would be published by it`)]
  // tests have keys of their own, which open nothing
  const files = [...new Set(listed.stdout.split('\0'))].filter(file => file && !file.startsWith('test/'))
  const findings = files.flatMap(file => lookAtFile(root, file))
  return findings.length ? merge(findings) : [fine(`no keys or passwords in ${files.length} files of the project`)]
}

interface Secret {
  file: string
  what: string
}

function lookAtFile(root: string, file: string): (Secret | Finding)[] {
  const text = readText(join(root, file))
  if (text === undefined) return []
  if (/\.sh$/.test(file) && text.includes('\r\n')) {
    return [
      wrong(
        `${file} has Windows' line ends`,
        'git or an editor changed them: "/bin/bash^M: bad interpreter"',
        `sed -i 's/\\r$//' '${file}', and put "*.sh text eol=lf" into .gitattributes`,
      ),
    ]
  }
  const real = (text.match(accessKey) ?? []).filter(key => !key.endsWith('EXAMPLE'))
  if (real.length) return [{ file, what: `the access key ${real[0]!.slice(0, 8)}…` }]
  if (privateKey.test(text)) return [{ file, what: 'a private key' }]
  if (secretKey.test(text) && !/EXAMPLEKEY/.test(text)) return [{ file, what: 'a secret access key' }]
  return secretNames.test(basename(file)) && text.trim() ? [{ file, what: 'settings that are not for others' }] : []
}

function readText(path: string): string | undefined {
  try {
    return statSync(path).size <= mostBytes ? readFileSync(path, 'utf8') : undefined
  } catch {
    return undefined // deleted, but still in the index; or a link into nowhere
  }
}

function merge(findings: (Secret | Finding)[]): Finding[] {
  const secrets = findings.filter(finding => 'file' in finding)
  const others = findings.filter(finding => 'state' in finding)
  if (secrets.length === 0) return others
  const cure = secrets.map(({ file }) => `'${file}'`)
  return [
    wrong(
      `${some(secrets.map(({ file, what }) => `${file} holds ${what}`))}`,
      'it is in git, or the next git add takes it along; robots find keys on GitHub within minutes',
      `git rm --cached ${cure.slice(0, 3).join(' ')}, name it in .gitignore; was it pushed, then make the key invalid first (IAM: delete it, make another)`,
    ),
    ...others,
  ]
}
