import { Argument, Command } from 'commander'

const families = ['machine', 'kafka', 'host', 'bucket', 'catalog', 'query', 'aws'] as const

interface DoctorFlags {
  json: boolean
  downloads: boolean
  releases?: string
  host?: string
  key?: string
  sshConfig?: string
}

/** `npx tickerlake doctor`: what learners get stuck on, looked for in the homes that the two switches name. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('look for what one gets stuck on, and say cause and cure; changes nothing, exit 1 when something is wrong')
    .addArgument(new Argument('[part...]', 'only these; default: all').choices(families).default([], 'all'))
    .option('--json', 'as JSON', false)
    .option('--downloads', 'also ask whether Kafka can still be downloaded', false)
    .option('--releases <file>', 'with --downloads: another list of versions, addresses and sums')
    .option('--host <user@address>', 'look at this Kafka host over ssh; default: the one of aws up')
    .option('--key <file>', 'with --host: private key for ssh')
    .option('--ssh-config <file>', 'another ssh configuration (ssh -F)')
    .addHelpText(
      'after',
      `
Parts: machine (disk, embedded home, private files, secrets in git, Java and memory of Kafka here), kafka (ports, TLS, login, advertised
addresses, topic, records, keys, dead letters, group), host, bucket (names, shape, types, sizes), catalog, query, aws (keys, bill, rights).

  npx tickerlake doctor
  npx tickerlake doctor kafka bucket --json
  npx tickerlake doctor host --host ec2-user@203.0.113.7 --key ~/.ssh/id_ed25519`,
    )
    .action(async (only: (typeof families)[number][], flags: DoctorFlags) => {
      const { doctor } = await import('../../provisioning/doctor/doctor.ts')
      if (!(await doctor({ ...flags, only }))) process.exitCode = 1
    })
}
