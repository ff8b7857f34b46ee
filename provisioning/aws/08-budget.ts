import type { Step } from '../host/step.ts'
import { ifThere, unless } from './cli.ts'
import type { AwsContext } from './context.ts'
import { runAlone } from './run-alone.ts'

const dollarsPerMonth = 10

/** A budget, which costs nothing; with `--email` somebody is told at 80 %. It sees costs up to a day late. */
export const budget: Step<AwsContext> = {
  title: 'budget',
  async check({ aws, account, names }) {
    return (await ifThere(aws`budgets describe-budget --account-id ${account} --budget-name ${names.budget}`))
      ? []
      : [`no budget ${names.budget}`]
  },
  async apply({ aws, account, names, options }) {
    const wanted = JSON.stringify({
      BudgetName: names.budget,
      BudgetType: 'COST',
      TimeUnit: 'MONTHLY',
      BudgetLimit: { Amount: String(dollarsPerMonth), Unit: 'USD' },
    })
    const notification = JSON.stringify([
      {
        Notification: {
          NotificationType: 'ACTUAL',
          ComparisonOperator: 'GREATER_THAN',
          Threshold: 80,
          ThresholdType: 'PERCENTAGE',
        },
        Subscribers: [{ SubscriptionType: 'EMAIL', Address: options.email }],
      },
    ])
    const told = options.email ? ['--notifications-with-subscribers', notification] : []
    await unless(['DuplicateRecordException'], aws`budgets create-budget --account-id ${account} --budget ${wanted} ${told}`)
  },
}

if (import.meta.main) runAlone(budget)
