import { Command } from 'commander'
import { awsCommand } from './aws.ts'
import { doctorCommand } from './doctor.ts'
import { groupCommand } from './groups.ts'
import { homeCommands } from './home.ts'
import { kafkaCommand } from './kafka.ts'
import { kernelCommand } from './kernel.ts'
import { lakeCommands } from './lake.ts'
import { reportError } from './output.ts'
import { consumeCommand, peekCommand, produceCommand } from './records.ts'
import { startCommand } from './start.ts'
import { offsetsCommand, topicCommand } from './topics.ts'

/** `npx tickerlake …`: every command is a few lines around a function of the library. */
export function program(): Command {
  const root = new Command('tickerlake')
    .description('a lab for learning streaming on AWS: quotes through Kafka into S3, Glue and Athena')
    .showHelpAfterError('(see --help)')
    .enablePositionalOptions()
  for (const command of [startCommand(), ...homeCommands()]) root.addCommand(command)
  for (const command of [
    topicCommand(),
    groupCommand(),
    offsetsCommand(),
    produceCommand(),
    peekCommand(),
    consumeCommand(),
    ...lakeCommands(),
  ])
    root.addCommand(command)
  for (const command of [kernelCommand(), doctorCommand(), kafkaCommand(), awsCommand()]) root.addCommand(command)
  return root
}

/** Runs the command line; an error ends with one line on stderr and exit code 1. */
export function main(): void {
  process.stdout.on('error', error => {
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') process.exit(0) // the reader of a pipe went away
    reportError(error)
    process.exit(1)
  })
  program().parseAsync().catch(reportError)
}
