import { LabError } from '../../lib/errors.ts'
import type { Step } from '../host/step.ts'
import { AwsError, ifThere } from './cli.ts'
import type { AwsContext } from './context.ts'
import { isTagged, type Tag } from './names.ts'
import { runAlone } from './run-alone.ts'

/** A query that would read more is stopped: 1 GB costs half a cent. Athena's least is 10 MB. */
const cutoffBytes = 1_000_000_000

interface WorkGroup {
  WorkGroup: {
    Configuration?: {
      EnforceWorkGroupConfiguration?: boolean
      BytesScannedCutoffPerQuery?: number
      ResultConfiguration?: { OutputLocation?: string }
    }
  }
}

/** Athena's work group: where results go, and how much one query may read. */
export const workgroup: Step<AwsContext> = {
  title: 'Athena work group',
  async check(context) {
    const found = await ownWorkGroup(context)
    if (!found) return [`no work group ${context.names.workgroup}`]
    const { EnforceWorkGroupConfiguration, BytesScannedCutoffPerQuery, ResultConfiguration } = found.WorkGroup.Configuration ?? {}
    return [
      ...(EnforceWorkGroupConfiguration ? [] : ['its limits can be overridden']),
      ...(BytesScannedCutoffPerQuery === cutoffBytes ? [] : [`no cutoff at ${cutoffBytes} bytes`]),
      ...(ResultConfiguration?.OutputLocation === resultsOf(context) ? [] : ['results go elsewhere']),
    ]
  },
  async apply(context) {
    const { aws, names } = context
    const ResultConfiguration = { OutputLocation: resultsOf(context) }
    const limits = {
      EnforceWorkGroupConfiguration: true,
      BytesScannedCutoffPerQuery: cutoffBytes,
      PublishCloudWatchMetricsEnabled: false,
    }
    if (await ownWorkGroup(context)) {
      const updates = JSON.stringify({ ResultConfigurationUpdates: ResultConfiguration, ...limits })
      await aws`athena update-work-group --work-group ${names.workgroup} --configuration-updates ${updates}`
      return
    }
    const configuration = JSON.stringify({ ResultConfiguration, ...limits })
    await aws`athena create-work-group --name ${names.workgroup} --configuration ${configuration} --tags ${`Key=Project,Value=${names.project}`}`
  },
}

/** The lab's work group, undefined when there is none. Throws LabError WORKGROUP when one of that name is somebody else's. */
export async function ownWorkGroup(context: AwsContext): Promise<WorkGroup | undefined> {
  const { names } = context
  const found = await workGroup(context)
  if (!found || (await workGroupIsOurs(context))) return found
  throw new LabError(
    'WORKGROUP',
    `Athena work group ${names.workgroup}: it is there already and does not carry the tag Project=${names.project}, and \`down\` would delete it. Choose another name (LAB_WORKGROUP).`,
  )
}

/** A work group of a name of one's own may be somebody else's, with saved queries that `down` would delete: the tag tells. */
export async function workGroupIsOurs({ aws, names, partition, region, account }: AwsContext): Promise<boolean> {
  if (names.workgroup === names.project) return true
  const arn = `arn:${partition}:athena:${region}:${account}:workgroup/${names.workgroup}`
  const tags = aws<{ Tags: Tag[] }>`athena list-tags-for-resource --resource-arn ${arn}`
  const { Tags } = await tags.catch((error: unknown) => {
    if (error instanceof AwsError && error.code === 'InvalidRequestException') return { Tags: [] }
    throw error
  })
  return isTagged(Tags, names)
}

/** Where query results go: never under a prefix that a crawler reads. */
export const resultsOf = ({ names }: Pick<AwsContext, 'names'>): string => `s3://${names.bucket}/results/`

/** The lab's work group, undefined when there is none: Athena calls that an invalid request. */
export async function workGroup({ aws, names }: Pick<AwsContext, 'aws' | 'names'>): Promise<WorkGroup | undefined> {
  // the CLI does not turn these pages by itself
  let token: string | undefined
  let there = false
  do {
    const more = token ? ['--next-token', token] : []
    const page = await aws<{ WorkGroups: { Name: string }[]; NextToken?: string }>`athena list-work-groups ${more}`
    there ||= page.WorkGroups.some(({ Name }) => Name === names.workgroup)
    token = page.NextToken
  } while (token && !there)
  if (!there) return undefined
  return ifThere(aws<WorkGroup>`athena get-work-group --work-group ${names.workgroup}`)
}

if (import.meta.main) runAlone(workgroup)
