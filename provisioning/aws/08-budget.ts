import type { Step } from '../host/step.ts'
import { AwsError, ifThere, unless } from './cli.ts'
import type { AwsContext } from './context.ts'
import { runAlone } from './run-alone.ts'

const dollarsPerMonth = 10

const nearlyUsed = {
  NotificationType: 'ACTUAL',
  ComparisonOperator: 'GREATER_THAN',
  Threshold: 80,
  ThresholdType: 'PERCENTAGE',
}

interface Budget {
  Budget: { CalculatedSpend?: { ActualSpend?: { Amount: string; Unit: string } } }
}

/** A budget, which costs nothing; with `--email` somebody is told at 80 %. It sees costs up to a day late. */
export const budget: Step<AwsContext> = {
  title: 'budget',
  skip: ({ partition }) => (partition === 'aws' ? undefined : `there are no budgets in ${partition}`),
  async check(context) {
    const { names, options, state, say } = context
    const found = await findBudget(context)
    if (found === 'denied') {
      say('no right to budgets: the root user has to open billing to IAM users (account settings); going on without one')
      return []
    }
    if (!found) return [`no budget ${names.budget}`]
    return !options.email || options.email === state.email ? [] : [`${options.email} is not told`]
  },
  async apply(context) {
    const { aws, account, names, options, save } = context
    const wanted = JSON.stringify({
      BudgetName: names.budget,
      BudgetType: 'COST',
      TimeUnit: 'MONTHLY',
      BudgetLimit: { Amount: String(dollarsPerMonth), Unit: 'USD' },
    })
    await unless(['DuplicateRecordException'], aws`budgets create-budget --account-id ${account} --budget ${wanted}`)
    if (!options.email) return
    const notification = JSON.stringify(nearlyUsed)
    const subscribers = JSON.stringify([{ SubscriptionType: 'EMAIL', Address: options.email }])
    const budget = ['--account-id', account, '--budget-name', names.budget, '--notification', notification]
    // whoever was told before is told no more
    await ifThere(aws`budgets delete-notification ${budget}`)
    await aws`budgets create-notification ${budget} --subscribers ${subscribers}`
    save({ email: options.email })
  },
}

/** The lab's budget; undefined when there is none, `denied` when this caller may not know. */
export async function findBudget({ aws, account, names }: AwsContext): Promise<Budget | 'denied' | undefined> {
  try {
    return await ifThere(aws<Budget>`budgets describe-budget --account-id ${account} --budget-name ${names.budget}`)
  } catch (error) {
    if (error instanceof AwsError && /AccessDenied/.test(error.code)) return 'denied'
    throw error
  }
}

if (import.meta.main) runAlone(budget)
