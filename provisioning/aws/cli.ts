import { setTimeout as sleep } from 'node:timers/promises'
import { $ } from 'zx'
import { LabError } from '../../lib/errors.ts'
import { quote } from '../host/script.ts'
import { withProgress } from './progress.ts'

/** An error that the AWS CLI reported; `code` is the service's (`InvalidPermission.Duplicate`), or CLI when the command itself was wrong. */
export class AwsError extends Error {
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.name = 'AwsError'
    this.code = code
  }
}

type Word = string | number
/** Runs an AWS CLI command written as a template, each value one word, and answers its JSON (undefined when it prints nothing). */
export type Aws = <T = unknown>(parts: TemplateStringsArray, ...values: (Word | readonly Word[])[]) => Promise<T>

export interface AwsOptions {
  region: string
  /** The CLI; `AWS_CLI`, else `aws`. */
  command?: string
  /** Sent with each call as --endpoint-url: CLIs before 2.13 ignore the variable. */
  endpoint?: string
  say?: (line: string) => void
  /** Told after each call that changed something: where tests crash. */
  afterChange?: (args: string[]) => void
}

/** Opens the AWS CLI, version 1 or 2. Each command is shown before it runs. Throws when there is none. */
export async function openAws(options: AwsOptions): Promise<Aws> {
  const { region, endpoint = process.env.AWS_ENDPOINT_URL, say = console.log, afterChange } = options
  const command = options.command ?? (process.env.AWS_CLI || 'aws')
  const version = await $({ quiet: true, nothrow: true })`${command} --version`
  const major = /aws-cli\/(\d+)/.exec(version.stdout + version.stderr)?.[1]
  if (!major) {
    throw new LabError(
      'AWS_CLI',
      `AWS CLI: ${command} does not run. Install it (https://docs.aws.amazon.com/cli/, or pip install awscli), or name it in AWS_CLI.`,
    )
  }
  const common = [
    '--output',
    'json',
    ...(endpoint ? ['--endpoint-url', endpoint] : []),
    ...(major === '1' ? [] : ['--no-cli-pager']),
  ]
  return async <T>(parts: TemplateStringsArray, ...values: (Word | readonly Word[])[]): Promise<T> => {
    const args = words(parts, values)
    say(`$ aws ${args.map(quote).join(' ')}${endpoint ? ` --endpoint-url ${endpoint}` : ''}`)
    const env = { ...process.env, AWS_PAGER: '', AWS_CLI_AUTO_PROMPT: 'off' }
    const where = args.includes('--region') ? [] : ['--region', region]
    const stdio = ['ignore', 'pipe', 'pipe'] as const
    const call = $({ quiet: true, nothrow: true, env, stdio: [...stdio] })`${command} ${[...args, ...where, ...common]}`
    const answer = await withProgress(say, args.slice(0, 3).join(' '), call)
    if (answer.exitCode !== 0) throw awsError(args, answer.stderr.trim() || answer.stdout.trim())
    if (!isLookUp(args)) afterChange?.(args)
    return (answer.stdout.trim() ? JSON.parse(answer.stdout) : undefined) as T
  }
}

/** The region of the CLI's own configuration (`aws configure`), undefined when there is none. */
export async function configuredRegion(command = process.env.AWS_CLI || 'aws'): Promise<string | undefined> {
  const answer = await $({ quiet: true, nothrow: true })`${command} configure get region`
  return answer.exitCode === 0 ? answer.stdout.trim() || undefined : undefined
}

/** Splits a template into words at its own blanks; a value is one word (a list: one each), or part of one where it touches text. */
export function words(parts: readonly string[], values: (Word | readonly Word[])[]): string[] {
  const found: string[] = []
  let word: string | undefined
  const end = (): void => {
    if (word !== undefined) found.push(word)
    word = undefined
  }
  parts.forEach((part, index) => {
    for (const piece of part.split(/(\s+)/)) {
      if (/^\s+$/.test(piece)) end()
      else if (piece) word = (word ?? '') + piece
    }
    if (index >= values.length) return
    const value = values[index] as Word | readonly Word[]
    if (Array.isArray(value)) {
      end()
      found.push(...value.map(String))
    } else word = (word ?? '') + String(value)
  })
  end()
  return found
}

const lookUps = /^(describe|get|list|head|wait|ls)/
/** True for a call that changes nothing. */
export const isLookUp = ([, operation = '']: string[]): boolean => lookUps.test(operation)

// what a region that the account has not enabled says, too
const unknownKeys = new Set(['InvalidClientTokenId', 'UnrecognizedClientException', 'AuthFailure', 'OptInRequired'])

const hasExpired = /^ExpiredToken(Exception)?$/

// what the CLI itself says before it calls anybody (botocore/exceptions.py), and the true cause of each
const noCredentials: [RegExp, string][] = [
  [
    /config profile \(.*\) could not be found/,
    'there is no such profile. AWS_PROFILE names one of: aws configure list-profiles (or unset it).',
  ],
  [
    /SSO session|SSO token|Token has expired|Token for .* does not exist/i,
    'the SSO session has ended or was never begun. Run: aws sso login',
  ],
  [/Partial credentials found/, 'half of a pair of keys is set. Set both: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.'],
  [/locate credentials/, 'no credentials. Run: aws configure'],
]

// never by exit number: v1 and v2 differ
function awsError(args: string[], text: string): AwsError {
  const code = /An error occurred \(([^)]+)\)/.exec(text)?.[1]
  const what = `aws ${args.slice(0, 2).join(' ')}`
  if (code) {
    // what stands between says it as a page of HTML
    const said = `${what}: ${text.replace(/^[\s\S]*?An error occurred /, '').replace(/\s*<(!doctype|html)[\s\S]*/i, '')}`
    if (hasExpired.test(code))
      return new AwsError(code, `${what}: the session's token has expired. Log in again (aws sso login), or take new keys.`)
    const hint = unknownKeys.has(code) ? ' Are these the right keys? A region that must be enabled first answers the same.' : ''
    return new AwsError(code === '404' ? 'NotFound' : code === '403' ? 'Forbidden' : code, said + hint)
  }
  const lacking = noCredentials.find(([pattern]) => pattern.test(text))
  if (lacking) return new AwsError('Credentials', `${what}: ${lacking[1]}`)
  if (/Could not connect/.test(text)) return new AwsError('Connect', `${what}: ${text}`)
  return new AwsError('CLI', `${what}: ${text}`)
}

/** The answer of `call`, or undefined when AWS says that the thing is not there. */
export async function ifThere<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call
  } catch (error) {
    if (error instanceof AwsError && isMissing(error.code)) return undefined
    throw error
  }
}

/** Codes that mean "not there", as each service words it. */
export const isMissing = (code: string): boolean => /NotFound|NoSuch/.test(code)

/** Runs `call`; the named codes are no errors. Answers whether it did something. */
export async function unless(codes: string[], call: Promise<unknown>): Promise<boolean> {
  try {
    await call
    return true
  } catch (error) {
    if (error instanceof AwsError && codes.includes(error.code)) return false
    throw error
  }
}

/**
 * Runs a call on something made (or deleted) just now, again and again while AWS answers one of `codes`: IAM may say for some
 * seconds that what it made is not there. Throws the last error after `patienceMs`.
 */
export async function believed<T>(call: () => Promise<T>, codes = ['NoSuchEntity'], patienceMs = 30_000): Promise<T> {
  const end = performance.now() + patienceMs
  for (let pause = 500; ; pause = Math.min(2 * pause, 10_000)) {
    try {
      return await call()
    } catch (error) {
      if (!(error instanceof AwsError && codes.includes(error.code)) || performance.now() + pause > end) throw error
      await sleep(pause)
    }
  }
}
