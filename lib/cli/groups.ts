import { Argument, Command } from 'commander'
import { LabError } from '../errors.ts'
import { deleteGroup, describeGroup } from '../group.ts'
import { forgetOffsets, moveGroup, parseOffsetPoint } from '../offsets.ts'
import { describeMembers, listGroupStates } from './group-members.ts'
import { numberOption, printJson, printTable, withLab } from './output.ts'

/** `groups list|describe|reset|delete-offsets|delete`: what kafka-consumer-groups does. */
export function groupCommand(): Command {
  const groups = new Command('groups').description('list and describe consumer groups, see their lag, move their offsets')
  groups.addCommand(list(), { isDefault: true })
  for (const command of [describe(), reset(), deleteOffsets(), remove()]) groups.addCommand(command)
  return groups.addHelpText(
    'after',
    `
As kafka-consumer-groups:
  --list                                        npx tickerlake groups list --state
  --describe --group g                          npx tickerlake groups describe g
  --describe --group g --members                npx tickerlake groups describe g --members
  --reset-offsets --to-earliest --dry-run …     npx tickerlake groups reset g trades earliest --dry-run
  --reset-offsets --by-duration PT1H --execute  npx tickerlake groups reset g trades PT1H
  --delete-offsets --topic trades --group g     npx tickerlake groups delete-offsets g trades
  --delete --group g                            npx tickerlake groups delete g`,
  )
}

function list(): Command {
  return new Command('list')
    .description("the groups' names")
    .option('--state', 'with state, members and protocol')
    .option('--json', 'as JSON')
    .action(({ state, json }: { state?: boolean; json?: boolean }) =>
      withLab(async lab => {
        const groups = await listGroupStates(lab, { withStates: Boolean(state || json) })
        if (json) return printJson(groups)
        if (state) return printTable(groups, ['group', 'state', 'members', 'protocol'])
        for (const { group } of groups) console.log(group)
      }),
    )
}

function describe(): Command {
  return new Command('describe')
    .argument('<group>')
    .description('committed offset, end, lag and reader of each partition')
    .option('--members', 'its members with host and partitions instead')
    .option('--json', 'as JSON')
    .action((group: string, { members, json }: { members?: boolean; json?: boolean }) =>
      withLab(async lab => {
        const report = await describeGroup(lab, group)
        const readers = await describeMembers(lab, group)
        if (json) return printJson({ ...report, members: readers })
        console.log(`${group}: ${report.state}, ${readers.length} members`)
        if (members) {
          if (readers.length > 0)
            printTable(readers.map(({ partitions, ...rest }) => ({ ...rest, partitions: partitions.join(', ') || '(none)' })))
          return
        }
        const readerOf = new Map(readers.flatMap(reader => reader.partitions.map(partition => [partition, reader])))
        const rows = report.offsets.map(({ metadata: _, ...offsets }) => {
          const reader = readerOf.get(`${offsets.topic}/${offsets.partition}`)
          return { ...offsets, clientId: reader?.clientId ?? '-', host: reader?.host ?? '-' }
        })
        if (rows.length > 0) printTable(rows)
      }),
    )
}

interface ResetFlags {
  partition?: number
  dryRun?: boolean
  json?: boolean
}

function reset(): Command {
  return new Command('reset')
    .argument('<group>')
    .argument('<topic>')
    .addArgument(
      new Argument('<to>', 'earliest, latest, current, an offset, +10 or -10 (after --), a time, or a duration back (PT1H)'),
    )
    .description('move the offsets of a group that has no running members')
    .option('--partition <n>', 'only of this one', numberOption('partition'))
    .option('--dry-run', 'only say where they would go')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
  npx tickerlake groups reset quotes-to-s3 stock-quotes earliest --dry-run
  npx tickerlake groups reset quotes-to-s3 stock-quotes 2026-11-21T09:00:00Z
  npx tickerlake groups reset quotes-to-s3 stock-quotes --partition 1 -- -10`,
    )
    .action((group: string, topic: string, to: string, { json, ...options }: ResetFlags) =>
      withLab(async lab => {
        const report = await moveGroup(lab, group, topic, parseOffsetPoint(to), options)
        if (json) return printJson(report)
        printTable(report.offsets.map(({ partition, before, offset }) => ({ partition, before: before ?? '-', offset })))
        if (options.dryRun) console.log('Nothing was changed (--dry-run).')
      }),
    )
}

function deleteOffsets(): Command {
  return new Command('delete-offsets')
    .argument('<group>')
    .argument('<topic>')
    .description("forget a group's offsets of one topic")
    .action((group: string, topic: string) =>
      withLab(async lab => {
        const { partitions } = await forgetOffsets(lab, group, topic)
        console.log(`Deleted the offsets of group ${group} for topic ${topic}, partitions ${partitions.join(', ')}.`)
      }),
    )
}

function remove(): Command {
  return new Command('delete')
    .argument('<group>')
    .description('delete a group with its offsets')
    .action((group: string) =>
      withLab(async lab => {
        if (!(await deleteGroup(lab, group)))
          throw new LabError('GROUP_ID_NOT_FOUND', `group ${group}: there is no such consumer group.`)
        console.log(`Deleted group ${group}.`)
      }),
    )
}
