import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const stateSchema = z.object({
  account: z.string().optional(),
  region: z.string().optional(),
  /** Who may reach the host: an IPv4 address and /32. */
  cidr: z.string().optional(),
  secure: z.boolean().optional(),
  imageId: z.string().optional(),
  instanceType: z.string().optional(),
  /** Makes run-instances idempotent; written before the call. */
  clientToken: z.string().optional(),
  instanceId: z.string().optional(),
  address: z.string().optional(),
  /** The bucket; written before it is made, so it is known to be ours. */
  bucket: z.string().optional(),
  /** Databases and crawlers the lab has made, that of now last; written before they are made: `npm start` makes both anew, without a tag. */
  databases: z.array(z.string()).optional(),
  crawlers: z.array(z.string()).optional(),
  prefix: z.string().optional(),
  workgroup: z.string().optional(),
  createdAt: z.string().optional(),
  /** When it was stopped, while it is; and for how long it was before, in milliseconds. */
  stoppedAt: z.string().optional(),
  stoppedMs: z.number().optional(),
  /** Who is told by the budget. */
  email: z.string().optional(),
})

/** What the scripts remember between two runs: ids and choices, no secrets. Everything can be found again by name and tag. */
export type State = z.infer<typeof stateSchema>

/** The folder with everything about AWS: state, key, secrets, settings. */
export const awsDir = (labDir: string): string => join(labDir, 'aws')

/** The state of a lab; empty when there is none, or only a damaged one: everything is found again by name and tag. */
export function readState(dir: string, say: (line: string) => void = console.log): State {
  const file = join(dir, 'state.json')
  if (!existsSync(file)) return {}
  try {
    return stateSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    say(`${file} is damaged; going on without it, everything is found again by name and tag`)
    return {}
  }
}

/** Adds to the state and writes it in one go, readable only for its owner. */
export function saveState(dir: string, state: State, changes: State): void {
  Object.assign(state, changes)
  writePrivate(join(dir, 'state.json'), `${JSON.stringify(stateSchema.parse(state), null, 2)}\n`)
}

/** Writes a file of mode 600 in one go. */
export function writePrivate(file: string, text: string): void {
  mkdirSync(join(file, '..'), { recursive: true, mode: 0o700 })
  writeFileSync(`${file}.new`, text, { mode: 0o600, flush: true })
  chmodSync(`${file}.new`, 0o600)
  renameSync(`${file}.new`, file)
}

/** Forgets everything about a lab on AWS but the account it may work in. */
export function forget(dir: string, { account }: State): void {
  rmSync(dir, { recursive: true, force: true })
  if (account) saveState(dir, {}, { account })
}
