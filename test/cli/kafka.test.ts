import { describe, expect, it } from 'vitest'
import { awsCommand } from '../../lib/cli/aws.ts'
import { kafkaCommand } from '../../lib/cli/kafka.ts'
import type { Command } from 'commander'

/** Parses without running: the sentence of a refusal, or undefined. */
function refusal(command: Command, args: string[]): string | undefined {
  let words: string | undefined
  const quiet = (one: Command): void => {
    one
      .exitOverride()
      .configureOutput({ writeErr: text => (words = text.trim()), writeOut: () => {} })
      .action(() => {})
    one.commands.forEach(quiet)
  }
  quiet(command)
  try {
    command.parse(args, { from: 'user' })
  } catch {
    // commander's own exit
  }
  return words
}

describe('kafka', () => {
  it.each([
    [['up', '--brokers', '2'], 'expected 1 or 3'],
    [['replication', 'flood'], 'crash, disk, double'],
    [['replication', '--runs', '0'], 'whole number from 1'],
    [['host', 'up'], "missing required argument 'host'"],
    [['host', 'up', 'h', '--sekure'], 'unknown option'],
  ])('refuses %j', (args, words) => expect(refusal(kafkaCommand(), args)).toContain(words))
  it.each([
    [['up', '--brokers', '3', '--kraft']],
    [['down', '--delete-data']],
    [['replication', 'disk', 'crash', '--runs', '5']],
    [['host', 'up', 'admin@10.0.0.1', '--secure', '--dry-run']],
  ])('takes %j', args => expect(refusal(kafkaCommand(), args)).toBeUndefined())
})

describe('aws', () => {
  it('has the whole life of the lab', () =>
    expect(awsCommand().commands.map(command => command.name())).toEqual([
      'plan',
      'up',
      'status',
      'stop',
      'start',
      'ssh',
      'down',
    ]))
  it.each([[['up', '--yes', '--no-kafka']], [['down', '--dry-run']], [['ssh', 'df', '-h']]])('takes %j', args =>
    expect(refusal(awsCommand(), args)).toBeUndefined(),
  )
})
