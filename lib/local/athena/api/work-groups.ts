import type {
  CreateWorkGroupInput,
  DeleteWorkGroupInput,
  GetWorkGroupInput,
  ListWorkGroupsInput,
  UpdateWorkGroupInput,
} from '@aws-sdk/client-athena'
import { parseS3 } from '../reading/files.ts'
import { StateFile } from './state-file.ts'
import { invalidRequest, pageOf, validate, type Shape } from './validate.ts'

/** A work group as it is kept; `created` in epoch milliseconds. */
export interface WorkGroup {
  name: string
  description: string
  state: 'ENABLED' | 'DISABLED'
  created: number
  outputLocation?: string | undefined
  enforced: boolean
  metrics: boolean
  requesterPays: boolean
  bytesScannedCutoff?: number | undefined
}

/** Athena's least cutoff. */
const LEAST_CUTOFF = 10_000_000

const NAME: Shape = { Name: { type: 'string', required: true, min: 1, max: 128 } }
const PAGE: Shape = { NextToken: { type: 'string', min: 1, max: 1024 }, MaxResults: { type: 'integer', min: 1, max: 50 } }

/** The work groups and their API. `primary` is always there. */
export class WorkGroups {
  private readonly state: StateFile<{ groups: Record<string, WorkGroup> }>
  private readonly onDelete: (name: string, recursive: boolean) => void

  constructor(file: string, onDelete: (name: string, recursive: boolean) => void) {
    this.state = new StateFile(file, { groups: {} })
    this.onDelete = onDelete
    this.state.value.groups.primary ??= newGroup('primary', true)
  }

  /** @throws ServiceError `WorkGroup is not found.` */
  get(name: string): WorkGroup {
    const group = Object.hasOwn(this.state.value.groups, name) ? this.state.value.groups[name] : undefined
    if (!group) throw invalidRequest('WorkGroup is not found.')
    return group
  }

  readonly operations = {
    CreateWorkGroup: (input: CreateWorkGroupInput) => this.create(input),
    GetWorkGroup: (input: GetWorkGroupInput) => {
      validate(input, { WorkGroup: { type: 'string', required: true } })
      return { WorkGroup: describe(this.get(input.WorkGroup!)) }
    },
    UpdateWorkGroup: (input: UpdateWorkGroupInput) => this.update(input),
    DeleteWorkGroup: (input: DeleteWorkGroupInput) => this.delete(input),
    ListWorkGroups: (input: ListWorkGroupsInput) => {
      validate(input, PAGE)
      const groups = Object.values(this.state.value.groups).sort((a, b) => (a.name < b.name ? -1 : 1))
      const { page, ...next } = pageOf(groups.map(summary), input.NextToken, input.MaxResults ?? 50)
      return { WorkGroups: page, ...next }
    },
  }

  private create(input: CreateWorkGroupInput): object {
    validate(input, NAME)
    const name = input.Name!
    if (!/^[a-zA-Z0-9._-]+$/.test(name))
      throw invalidRequest(
        "1 validation error detected: Value at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9._-]{1,128}",
      )
    if (Object.hasOwn(this.state.value.groups, name)) throw invalidRequest('WorkGroup is already created')
    const { Configuration: given = {} } = input
    const group = newGroup(name, given.EnforceWorkGroupConfiguration ?? true)
    group.description = input.Description ?? ''
    group.outputLocation = location(given.ResultConfiguration?.OutputLocation)
    group.bytesScannedCutoff = cutoff(given.BytesScannedCutoffPerQuery)
    group.metrics = given.PublishCloudWatchMetricsEnabled ?? true
    group.requesterPays = given.RequesterPaysEnabled ?? false
    this.state.value.groups[name] = group
    this.state.save()
    return {}
  }

  private update(input: UpdateWorkGroupInput): object {
    validate(input, {
      WorkGroup: { type: 'string', required: true },
      State: { type: 'string' },
      Description: { type: 'string', max: 1024 },
    })
    const group = this.get(input.WorkGroup!)
    const { ConfigurationUpdates: change = {} } = input
    const result = change.ResultConfigurationUpdates
    const next: WorkGroup = { ...group }
    if (input.Description !== undefined) next.description = input.Description
    if (input.State !== undefined) next.state = input.State
    next.enforced = change.EnforceWorkGroupConfiguration ?? next.enforced
    next.metrics = change.PublishCloudWatchMetricsEnabled ?? next.metrics
    next.requesterPays = change.RequesterPaysEnabled ?? next.requesterPays
    next.bytesScannedCutoff = change.RemoveBytesScannedCutoffPerQuery
      ? undefined
      : (cutoff(change.BytesScannedCutoffPerQuery) ?? next.bytesScannedCutoff)
    next.outputLocation = result?.RemoveOutputLocation ? undefined : (location(result?.OutputLocation) ?? next.outputLocation)
    this.state.value.groups[group.name] = next
    this.state.save()
    return {}
  }

  private delete(input: DeleteWorkGroupInput): object {
    validate(input, { WorkGroup: { type: 'string', required: true }, RecursiveDeleteOption: { type: 'boolean' } })
    if (input.WorkGroup === 'primary') throw invalidRequest('Primary WorkGroup cannot be deleted.')
    const { name } = this.get(input.WorkGroup!)
    this.onDelete(name, input.RecursiveDeleteOption ?? false)
    delete this.state.value.groups[name]
    this.state.save()
    return {}
  }
}

const newGroup = (name: string, enforced: boolean): WorkGroup => ({
  name,
  description: '',
  state: 'ENABLED',
  created: Date.now(),
  enforced: name === 'primary' ? false : enforced,
  metrics: false,
  requesterPays: false,
})

function location(given: string | undefined): string | undefined {
  if (given !== undefined && !parseS3(given)) throw invalidRequest('outputLocation is not a valid S3 path.')
  return given
}

function cutoff(given: number | undefined): number | undefined {
  if (given !== undefined && given < LEAST_CUTOFF)
    throw invalidRequest(
      `1 validation error detected: Value at 'configuration.bytesScannedCutoffPerQuery' failed to satisfy constraint: Member must have value greater than or equal to ${LEAST_CUTOFF}`,
    )
  return given
}

const ENGINE = { SelectedEngineVersion: 'AUTO', EffectiveEngineVersion: 'Athena engine version 3' }

function describe(group: WorkGroup): object {
  return {
    Name: group.name,
    State: group.state,
    CreationTime: group.created / 1000,
    ...(group.description !== '' && { Description: group.description }),
    Configuration: {
      ResultConfiguration: group.outputLocation === undefined ? {} : { OutputLocation: group.outputLocation },
      EnforceWorkGroupConfiguration: group.enforced,
      PublishCloudWatchMetricsEnabled: group.metrics,
      RequesterPaysEnabled: group.requesterPays,
      EnableMinimumEncryptionConfiguration: false,
      EngineVersion: ENGINE,
      ...(group.bytesScannedCutoff !== undefined && { BytesScannedCutoffPerQuery: group.bytesScannedCutoff }),
    },
  }
}

const summary = ({ name, state, description, created }: WorkGroup) => ({
  Name: name,
  State: state,
  Description: description,
  CreationTime: created / 1000,
  EngineVersion: ENGINE,
})
