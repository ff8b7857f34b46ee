#!/usr/bin/env node
import { realpathSync } from 'node:fs'
import { Command } from 'commander'
import { awsCommand } from './cli/aws.ts'
import { groupCommand } from './cli/groups.ts'
import { homeCommands } from './cli/home.ts'
import { kafkaCommand } from './cli/kafka.ts'
import { kernelCommand } from './cli/kernel.ts'
import { lakeCommands } from './cli/lake.ts'
import { reportError } from './cli/output.ts'
import { produceCommand, peekCommand } from './cli/records.ts'
import { startCommand } from './cli/start.ts'
import { topicCommand } from './cli/topics.ts'

/** `npx tickerlake …`: every command is a few lines around a function of the library. */
export function program(): Command {
  const root = new Command('tickerlake')
    .description('a lab for learning streaming on AWS: quotes through Kafka into S3, Glue and Athena')
    .showHelpAfterError('(see --help)')
    .enablePositionalOptions()
  for (const command of [startCommand(), ...homeCommands()]) root.addCommand(command)
  for (const command of [topicCommand(), groupCommand(), produceCommand(), peekCommand(), ...lakeCommands()])
    root.addCommand(command)
  for (const command of [kernelCommand(), kafkaCommand(), awsCommand()]) root.addCommand(command)
  return root
}

if (process.argv[1] && realpathSync(process.argv[1]) === import.meta.filename) {
  process.stdout.on('error', error => {
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') process.exit(0) // the reader of a pipe went away
    reportError(error)
    process.exit(1)
  })
  program().parseAsync().catch(reportError)
}
