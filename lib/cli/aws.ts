import { Command } from 'commander'

/** `npx tickerlake aws …`: the lab's AWS resources, from plan to proof that nothing is left. Loads the scripts when one is used. */
export function awsCommand(): Command {
  const aws = new Command('aws').description('the lab on AWS: plan, up, status, stop, start, ssh, down').enablePositionalOptions()
  common(aws.command('plan'))
    .description('what exists, what would be made, what it costs; changes nothing')
    .action(async (flags: AwsFlags) => {
      const { plan } = await import('../../provisioning/aws/up.ts')
      await plan(flags)
    })
  common(aws.command('up'))
    .description('make what is missing; safe to repeat')
    .option('--dry-run', 'only say what would change', false)
    .option('--yes', 'do not ask', false)
    .action(async (flags: AwsFlags & { dryRun: boolean; yes: boolean }) => {
      const { plan, up } = await import('../../provisioning/aws/up.ts')
      await (flags.dryRun ? plan(flags) : up(flags))
    })
  account(aws.command('status'))
    .description('addresses, state, age, cost so far')
    .action(async (flags: { account?: string }) => {
      const { status } = await import('../../provisioning/aws/status.ts')
      await status(flags)
    })
  account(aws.command('stop'))
    .description('stop the instance: its disk still costs, its address is given back')
    .action(async (flags: { account?: string }) => {
      const { stop } = await import('../../provisioning/aws/stop-start.ts')
      await stop(flags)
    })
  account(aws.command('start'))
    .description('start the instance; its new address and yours are put where they belong')
    .option('--cidr <address/32>', 'the address that may reach it; yours when not given')
    .option('--ssh-config <file>', 'another ssh configuration (ssh -F)')
    .action(async (flags: { account?: string; cidr?: string; sshConfig?: string }) => {
      const { start } = await import('../../provisioning/aws/stop-start.ts')
      await start(flags)
    })
  account(aws.command('ssh'))
    .description('a shell on the instance, or a command there')
    .option('--ssh-config <file>', 'another ssh configuration (ssh -F)')
    .argument('[command...]')
    .passThroughOptions() // what follows the command's first word is its own: ssh df -h
    .action(async (command: string[], flags: { account?: string; sshConfig?: string }) => {
      const { ssh } = await import('../../provisioning/aws/stop-start.ts')
      process.exitCode = await ssh(command, flags)
    })
  account(aws.command('down'))
    .description('delete everything and prove it; exit 1 when something is left')
    .option('--dry-run', 'only say what would be deleted', false)
    .option('--yes', 'do not ask', false)
    .action(async (flags: { account?: string; dryRun: boolean; yes: boolean }) => {
      const { down } = await import('../../provisioning/aws/down.ts')
      if (!(await down(flags))) process.exitCode = 1
    })
  return aws
}

interface AwsFlags {
  account?: string
  cidr?: string
  secure: boolean
  kafka: boolean
  user: boolean
  email?: string
  crawlSchedule?: string
  releases?: string
  sshConfig?: string
}

const account = (command: Command): Command =>
  command.option('--account <id>', 'the account this may work in (12 digits); remembered after the first time')

const common = (command: Command): Command =>
  account(command)
    .option('--cidr <address/32>', 'the address that may reach the host; yours when not given')
    .option('--secure', 'Kafka with TLS, passwords and rights', false)
    .option('--no-kafka', 'only S3, Glue and Athena, no instance')
    .option('--user', "the tutorial's IAM user with access keys", false)
    .option('--email <address>', 'who is told when the budget is nearly used')
    .option('--crawl-schedule <cron>', "a schedule for the crawler, such as 'cron(0 6 * * ? *)'; each crawl costs; none ends it")
    .option('--releases <file>', 'another list of Kafka versions, addresses and sums')
    .option('--ssh-config <file>', 'another ssh configuration (ssh -F)')
