import { Argument, Command } from 'commander'
import { LabError } from '../errors.ts'
import { deleteGroup, describeGroup, listGroups, resetGroup } from '../group.ts'
import { printJson, printTable, withLab } from './output.ts'

/** `groups list|describe|reset|delete`. */
export function groupCommand(): Command {
  const groups = new Command('groups').description('list and describe consumer groups, see their lag, move their offsets')
  groups
    .command('list', { isDefault: true })
    .description("the groups' names")
    .action(() => withLab(async lab => (await listGroups(lab)).forEach(group => console.log(group))))
  groups
    .command('describe <group>')
    .description('state, members, and committed offset and lag of each partition')
    .option('--json', 'as JSON')
    .action((group: string, { json }: { json?: boolean }) =>
      withLab(async lab => {
        const report = await describeGroup(lab, group)
        if (json) return printJson(report)
        console.log(`${group}: ${report.state}, ${report.members.length} members`)
        if (report.offsets.length > 0) printTable(report.offsets)
      }),
    )
  groups
    .command('reset <group> <topic>')
    .description('move the offsets of a group that has no running members')
    .addArgument(new Argument('<to>', 'earliest, latest, or an offset'))
    .action((group: string, topic: string, to: string) =>
      withLab(async lab => {
        if (!['earliest', 'latest'].includes(to) && !/^\d+$/.test(to)) {
          throw new LabError('OPTION', `${to}: expected earliest, latest, or an offset.`)
        }
        const { offsets } = await resetGroup(lab, group, topic, /^\d+$/.test(to) ? Number(to) : (to as 'earliest' | 'latest'))
        printTable(Object.entries(offsets).map(([partition, offset]) => ({ partition, offset })))
      }),
    )
  groups
    .command('delete <group>')
    .description('delete a group with its offsets')
    .action((group: string) =>
      withLab(async lab => {
        if (!(await deleteGroup(lab, group)))
          throw new LabError('GROUP_ID_NOT_FOUND', `group ${group}: there is no such consumer group.`)
        console.log(`Deleted group ${group}.`)
      }),
    )
  return groups
}
