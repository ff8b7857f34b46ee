import { Argument, Command, InvalidArgumentError, Option } from 'commander'

/** `npx tickerlake kafka …`: real Kafka on this machine and on a host. Loads the scripts when one is used. */
export function kafkaCommand(): Command {
  const kafka = new Command('kafka').description('real Kafka: on this machine (up, status, down, replication) or on a host')
  kafka
    .command('up')
    .description('start real Kafka and ZooKeeper on this machine as plain processes (needs a JDK)')
    .addOption(brokersOption())
    .option('--kraft', 'without ZooKeeper', false)
    .addOption(versionOption())
    .addOption(releasesOption())
    .action(async (options: { brokers: 1 | 3; kraft: boolean; kafka?: string; releases?: string }) => {
      const { up } = await import('../../provisioning/kafka/this-machine.ts')
      await up({ ...options, version: options.kafka })
    })
  kafka
    .command('status')
    .description('what runs on this machine; exit 1 when something is down')
    .action(async () => {
      const { status } = await import('../../provisioning/kafka/this-machine.ts')
      if (!(await status())) process.exitCode = 1
    })
  kafka
    .command('down')
    .description('stop Kafka on this machine; its data stay')
    .option('--delete-data', 'and delete the topics', false)
    .action(async (options: { deleteData: boolean }) => {
      const { down } = await import('../../provisioning/kafka/this-machine.ts')
      await down(options)
    })
  kafka
    .command('replication')
    .description('three brokers, the leader killed while messages flow: which settings lose acknowledged messages?')
    .addArgument(
      new Argument('[scenario...]', 'what happens to the brokers')
        .choices(['crash', 'disk', 'double'])
        .default(['crash', 'disk', 'double']),
    )
    .addOption(new Option('--runs <n>', 'how often').default(1).argParser(positiveInteger))
    .addOption(versionOption())
    .addOption(releasesOption())
    .action(async (scenarios: ('crash' | 'disk' | 'double')[], options: { runs: number; kafka?: string; releases?: string }) => {
      const { replication } = await import('../../provisioning/kafka/replication.ts')
      await replication({ ...options, scenarios, version: options.kafka })
    })
  kafka
    .command('doctor')
    .description('the Kafka part of npx tickerlake doctor: what was seen, the cause, the cure')
    .option('--json', 'as JSON', false)
    .action(async ({ json }: { json: boolean }) => {
      const { doctor } = await import('../../provisioning/doctor/doctor.ts')
      if (!(await doctor({ only: ['kafka'], json }))) process.exitCode = 1
    })
  return kafka.addCommand(hostCommand())
}

/** `kafka host …`: Kafka on a host that ssh reaches; what `aws up` runs on its instance. */
function hostCommand(): Command {
  const host = new Command('host').description('Kafka on an EC2, Debian, Ubuntu or Amazon Linux host, over ssh')
  hostOptions(host.command('up'))
    .description('install and start Kafka there, step by step; safe to repeat')
    .option('--dry-run', 'only say what would change', false)
    .action(async (target: string, options: HostFlags & { dryRun: boolean }) => {
      const { setUpHost } = await import('../../provisioning/host/set-up.ts')
      await setUpHost({ ...options, host: target, version: options.kafka })
    })
  hostOptions(host.command('status'))
    .description('services, memory, disk, and whether Kafka answers; exit 1 when not; refreshes kafka.env')
    .action(async (target: string, options: HostFlags) => {
      const { showHost } = await import('../../provisioning/host/set-up.ts')
      if (!(await showHost({ ...options, host: target, version: options.kafka }))) process.exitCode = 1
    })
  return host
}

interface HostFlags {
  key?: string
  sshConfig?: string
  secure: boolean
  kraft: boolean
  firewalled: boolean
  kafka?: string
  releases?: string
}

const hostOptions = (command: Command): Command =>
  command
    .argument('<host>', 'user@address; the user is ec2-user when not given')
    .option('--key <file>', 'private key for ssh')
    .option('--ssh-config <file>', 'another ssh configuration (ssh -F)')
    .option('--secure', 'TLS, passwords (SASL/SCRAM) and rights (ACLs)', false)
    .option('--kraft', 'without ZooKeeper; plain only', false)
    .option('--firewalled', 'a firewall lets only your own address in: plain is fine on a public address', false)
    .addOption(versionOption())
    .addOption(releasesOption())

function positiveInteger(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError('expected a whole number from 1.')
  return Number(text)
}

const brokersOption = (): Option =>
  new Option('--brokers <n>', 'how many brokers: 1 or 3').default(1).argParser(text => {
    if (text !== '1' && text !== '3') throw new InvalidArgumentError('expected 1 or 3.')
    return Number(text)
  })
const versionOption = (): Option => new Option('--kafka <version>', "Kafka's version, one of provisioning/kafka.json")
const releasesOption = (): Option => new Option('--releases <file>', 'another list of versions, addresses and sums')
