import { Command, InvalidArgumentError, Option } from 'commander'

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
  return kafka
}

const brokersOption = (): Option =>
  new Option('--brokers <n>', 'how many brokers: 1 or 3').default(1).argParser(text => {
    if (text !== '1' && text !== '3') throw new InvalidArgumentError('expected 1 or 3.')
    return Number(text)
  })
const versionOption = (): Option => new Option('--kafka <version>', "Kafka's version, one of provisioning/kafka.json")
const releasesOption = (): Option => new Option('--releases <file>', 'another list of versions, addresses and sums')
