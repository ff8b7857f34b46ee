import { loadConfig } from '../../../lib/config.ts'
import { type Aws, AwsError, isLookUp, words } from '../../../provisioning/aws/cli.ts'
import type { AwsContext, UpOptions } from '../../../provisioning/aws/context.ts'
import { names } from '../../../provisioning/aws/names.ts'
import { saveState, type State } from '../../../provisioning/aws/state.ts'
import { temporaryFolder } from '../../helpers/folder.ts'

/** What a call is answered: JSON, an error's code, or one of these after the other (the last again and again). */
type Answer = object | string | (object | string)[]

export interface FakeAws {
  context: AwsContext
  /** The calls that changed something or tried to, as one line each. */
  changes: string[]
  /** Asked anew at each call, so a test may change it in between. */
  answers: Record<string, Answer>
}

/** An account that answers `service operation` as it is told, and "not there" to every other look-up; changes succeed. */
export function fakeAws(answers: Record<string, Answer> = {}, options: UpOptions = {}): FakeAws {
  const place = { account: '111122223333', region: 'us-east-1' }
  const [changes, dir, state]: [string[], string, State] = [[], temporaryFolder(), {}]
  const asked = new Map<string, number>()
  const aws = (async (parts: TemplateStringsArray, ...values: never[]) => {
    const args = words(parts, values)
    const call = args.slice(0, 2).join(' ')
    if (!isLookUp(args)) changes.push(args.join(' '))
    const count = asked.get(call) ?? 0
    asked.set(call, count + 1)
    const all = answers[call] ?? (isLookUp(args) ? 'NoSuchEntity' : {})
    const answer = Array.isArray(all) ? all[Math.min(count, all.length - 1)] : all
    if (typeof answer === 'string') throw new AwsError(answer, `aws ${call}: ${answer}`)
    return answer
  }) as Aws
  const context: AwsContext = {
    ...place,
    aws,
    dir,
    state,
    partition: 'aws',
    caller: 'arn:aws:iam::111122223333:user/ada',
    names: names(loadConfig({}), { ...place, bucket: process.env.LAB_BUCKET }),
    save: more => saveState(dir, state, more),
    options: { cidr: '203.0.113.7/32', ...options },
    say: () => {},
  }
  return { context, changes, answers }
}
