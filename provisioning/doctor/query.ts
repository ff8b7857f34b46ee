import type { Table } from '@aws-sdk/client-glue'
import { athenaClient } from '../../lib/aws.ts'
import { errorMessage } from '../../lib/errors.ts'
import type { Lab } from '../../lib/lab.ts'
import { cloudFailure } from './cloud.ts'
import { type Finding, fine, isWrong, wrong } from './finding.ts'

/** Looks at Athena: the work group, and where its results go. Asks no query: each costs, and leaves a result behind. */
export async function examineQuery(lab: Lab, tables: Table[]): Promise<Finding[]> {
  const { workgroup, results, bucket, prefix } = lab.config
  try {
    const athena = await athenaClient(lab)
    const { WorkGroup } = await athena.getWorkGroup({ WorkGroup: workgroup })
    const { EnforceWorkGroupConfiguration: enforced = false, ResultConfiguration } = WorkGroup?.Configuration ?? {}
    const own = ResultConfiguration?.OutputLocation
    const findings = [
      ...(WorkGroup?.State === 'DISABLED'
        ? [
            wrong(
              `work group ${workgroup} is disabled`,
              'somebody switched it off',
              `aws athena update-work-group --work-group ${workgroup} --state ENABLED, or set LAB_WORKGROUP`,
            ),
          ]
        : []),
      ...noPlace(workgroup, own, enforced),
      ...overlaps(enforced && own ? own : results, [`s3://${bucket}/${prefix}`, ...tables.map(locationOf)], workgroup),
    ]
    const place = enforced && own ? `its results go to ${own}` : `the lab sends results to ${results}`
    return findings.some(isWrong) ? findings : [fine(`work group ${workgroup}: ${place}`)]
  } catch (error) {
    if (/WorkGroup.*is not found/i.test(errorMessage(error))) {
      return [
        wrong(
          `there is no Athena work group ${workgroup}`,
          'it was not made yet, or is in another region',
          'npx tickerlake aws up makes it; or unset LAB_WORKGROUP for primary',
        ),
      ]
    }
    return [cloudFailure(`work group ${workgroup}`, error)]
  }
}

const locationOf = (table: Table): string => table.StorageDescriptor?.Location ?? ''

/** `primary` has no place of its own until somebody gives it one; the lab says one with each query, and a group that does not enforce takes it. */
function noPlace(workgroup: string, own: string | undefined, enforced: boolean): Finding[] {
  if (own || (workgroup === 'primary' && !enforced)) return []
  return [
    wrong(
      `work group ${workgroup} names no place for results`,
      `${enforced ? 'and it lets nobody else name one' : 'the lab names one, the console and other tools do not'}: No output location provided`,
      `aws athena update-work-group --work-group ${workgroup} --configuration-updates 'ResultConfigurationUpdates={OutputLocation=s3://…/results/}'`,
    ),
  ]
}

function overlaps(results: string, places: string[], workgroup: string): Finding[] {
  const folder = (place: string): string => `${place.replace(/\/$/, '')}/`
  const hit = places
    .filter(Boolean)
    .find(place => folder(results).startsWith(folder(place)) || folder(place).startsWith(folder(results)))
  if (!hit) return []
  return [
    wrong(
      `results of work group ${workgroup} go to ${results}, and data lie at ${hit}`,
      'one lies inside of the other: a crawl makes tables of the results, and queries read them as rows',
      'give results a prefix of their own (LAB_RESULTS, and the work group), and delete those that lie there',
    ),
  ]
}
