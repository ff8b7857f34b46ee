import type {
  Crawler,
  CreateCrawlerRequest,
  CrawlerTargets,
  RecrawlPolicy,
  SchemaChangePolicy,
  UpdateCrawlerRequest,
} from '@aws-sdk/client-glue'
import { ServiceError } from '../aws/errors.ts'
import { parseConfiguration } from './configuration.ts'
import type { CrawlerStore } from './crawlerStore.ts'
import { parseTarget } from './crawl/target.ts'
import { checkName, foldName, invalidInput, notFound, violated } from './names.ts'
import { checkSchedule } from './schedule.ts'

const noTargets = {
  S3Targets: [],
  JdbcTargets: [],
  MongoDBTargets: [],
  DynamoDBTargets: [],
  CatalogTargets: [],
  DeltaTargets: [],
  IcebergTargets: [],
  HudiTargets: [],
}

/** A checked crawler made of a request; `old` is the one it updates. Fails with InvalidInputException, or the validation sentence. */
export function crawlerOf(request: CreateCrawlerRequest | UpdateCrawlerRequest, store: CrawlerStore, old?: Crawler): Crawler {
  const now = new Date()
  const given: Crawler = {
    Name: checkName(request.Name, 'name'),
    Role: request.Role === undefined ? old?.Role : roleName(request.Role),
    Targets: request.Targets ? checkTargets(request.Targets) : old?.Targets,
    DatabaseName: request.DatabaseName === undefined ? old?.DatabaseName : foldName(request.DatabaseName),
    Description: request.Description ?? old?.Description,
    Classifiers: request.Classifiers ?? old?.Classifiers ?? [],
    RecrawlPolicy: { RecrawlBehavior: 'CRAWL_EVERYTHING', ...(request.RecrawlPolicy ?? old?.RecrawlPolicy) },
    SchemaChangePolicy: {
      UpdateBehavior: 'UPDATE_IN_DATABASE',
      DeleteBehavior: 'DEPRECATE_IN_DATABASE',
      ...(request.SchemaChangePolicy ?? old?.SchemaChangePolicy),
    },
    LineageConfiguration: request.LineageConfiguration ?? old?.LineageConfiguration ?? { CrawlerLineageSettings: 'DISABLE' },
    LakeFormationConfiguration: request.LakeFormationConfiguration ??
      old?.LakeFormationConfiguration ?? { UseLakeFormationCredentials: false, AccountId: '' },
    State: old?.State ?? 'READY',
    TablePrefix: request.TablePrefix ?? old?.TablePrefix,
    Schedule: scheduleOf(request.Schedule, old),
    CrawlElapsedTime: 0,
    CreationTime: old?.CreationTime ?? now,
    LastUpdated: now,
    LastCrawl: old?.LastCrawl,
    Version: (old?.Version ?? 0) + 1,
    Configuration: request.Configuration ?? old?.Configuration,
    CrawlerSecurityConfiguration: request.CrawlerSecurityConfiguration ?? old?.CrawlerSecurityConfiguration,
  }
  check(given, store, old)
  return given
}

function check(crawler: Crawler, store: CrawlerStore, old: Crawler | undefined): void {
  if (!crawler.Role) throw violated(undefined, 'role', 'Member must not be null')
  if (!crawler.Targets) throw violated(undefined, 'targets', 'Member must not be null')
  if (!crawler.DatabaseName) throw invalidInput('Database name must be specified for the crawler.')
  checkName(crawler.DatabaseName, 'databaseName')
  if ((crawler.TablePrefix ?? '').length > 128) {
    throw violated(crawler.TablePrefix, 'tablePrefix', 'Member must have length less than or equal to 128')
  }
  for (const name of crawler.Classifiers ?? []) if (!store.classifiers.has(name)) throw notFound(`Classifier ${name} not found.`)
  parseConfiguration(crawler.Configuration)
  checkPolicies(crawler.SchemaChangePolicy!, crawler.RecrawlPolicy!)
  const onlyNew = crawler.RecrawlPolicy?.RecrawlBehavior === 'CRAWL_NEW_FOLDERS_ONLY'
  if (onlyNew && old?.RecrawlPolicy?.RecrawlBehavior === 'CRAWL_NEW_FOLDERS_ONLY' && paths(old) !== paths(crawler)) {
    throw invalidInput('Amazon S3 targets cannot be changed while the RecrawlPolicy is CRAWL_NEW_FOLDERS_ONLY.')
  }
}

const paths = (crawler: Crawler): string => JSON.stringify(crawler.Targets?.S3Targets?.map(target => target.Path))

function checkPolicies({ UpdateBehavior, DeleteBehavior }: SchemaChangePolicy, { RecrawlBehavior }: RecrawlPolicy): void {
  oneOf(UpdateBehavior, 'schemaChangePolicy.updateBehavior', ['LOG', 'UPDATE_IN_DATABASE'])
  oneOf(DeleteBehavior, 'schemaChangePolicy.deleteBehavior', ['LOG', 'DELETE_FROM_DATABASE', 'DEPRECATE_IN_DATABASE'])
  oneOf(RecrawlBehavior, 'recrawlPolicy.recrawlBehavior', ['CRAWL_EVERYTHING', 'CRAWL_NEW_FOLDERS_ONLY', 'CRAWL_EVENT_MODE'])
  if (RecrawlBehavior === 'CRAWL_EVENT_MODE')
    throw unsupported('CRAWL_EVENT_MODE needs an Amazon SQS queue, which the local home does not have.')
  if (RecrawlBehavior === 'CRAWL_NEW_FOLDERS_ONLY' && (UpdateBehavior !== 'LOG' || DeleteBehavior !== 'LOG')) {
    throw invalidInput(
      'The SchemaChangePolicy for "Crawl new folders only" Amazon S3 target can have only LOG DeleteBehavior value and LOG UpdateBehavior value.',
    )
  }
}

/** The value if it is one of `values`; fails with AWS's validation sentence. */
export function oneOf(value: string | undefined, field: string, values: string[]): void {
  if (value !== undefined && !values.includes(value)) {
    throw violated(value, field, `Member must satisfy enum value set: [${values.join(', ')}]`)
  }
}

/** Refuses what the local service does not do, in Glue's shape. */
export const unsupported = (message: string): ServiceError => new ServiceError('OperationNotSupportedException', message)

/** An ARN or a name; Glue answers the name with its path. */
function roleName(role: string): string {
  const name = /^arn:aws[\w-]*:iam::\d{12}:role\/(.+)$/.exec(role)?.[1] ?? role
  if (!/^[\w+=,.@/-]{1,576}$/.test(name)) throw invalidInput(`The role ${role} is not a valid IAM role name or ARN.`)
  return name
}

function checkTargets(targets: CrawlerTargets): CrawlerTargets {
  for (const [kind, list] of Object.entries(targets)) {
    if (kind !== 'S3Targets' && Array.isArray(list) && list.length > 0)
      throw unsupported(`${kind} are not supported: the local crawler reads S3Targets.`)
  }
  const S3Targets = targets.S3Targets ?? []
  if (S3Targets.length === 0) throw invalidInput('Crawler target must be specified: at least one S3Target.')
  for (const target of S3Targets) {
    if (!parseTarget(target)) throw invalidInput(`The S3 target path ${target.Path} is not valid: expected s3://bucket/folder.`)
    if (target.EventQueueArn) throw unsupported('EventQueueArn is not supported: the local home has no Amazon SQS.')
    if (target.SampleSize !== undefined && !(target.SampleSize >= 1 && target.SampleSize <= 249)) {
      throw invalidInput(`The SampleSize ${target.SampleSize} is not valid: expected 1 to 249.`)
    }
  }
  return { ...noTargets, S3Targets: S3Targets.map(target => ({ ...target, Exclusions: target.Exclusions ?? [] })) }
}

function scheduleOf(expression: string | undefined, old: Crawler | undefined): Crawler['Schedule'] {
  if (expression === undefined) return old?.Schedule
  if (expression === '') return undefined
  checkSchedule(expression)
  return { ScheduleExpression: expression, State: 'SCHEDULED' }
}
