import type { AwsContext } from '../../../provisioning/aws/context.ts'
import type { PolicyName } from '../../../provisioning/aws/policies.ts'

/** One right that a call needs: IAM's action on one resource. A call that needs several is there several times. */
export interface Call {
  /** The SDK's command, as lib/ writes it. */
  command: string
  action: string
  resource: string
}

type Place = Pick<AwsContext, 'account' | 'region' | 'partition' | 'names'>

/** Glue's names for what a call touches; it checks the right on each of them (Service Authorization Reference, "AWS Glue"). */
function resources({ account, region, partition, names }: Place) {
  const glue = (tail: string): string => `arn:${partition}:glue:${region}:${account}:${tail}`
  const s3 = (tail = ''): string => `arn:${partition}:s3:::${names.bucket}${tail}`
  const database = [glue('catalog'), glue(`database/${names.database}`)]
  return {
    bucket: [s3()],
    quotes: [s3(`/${names.prefix}dt=2026-11-21/stock-quotes+0+00000000000000000000.json.gz`)],
    results: [s3('/results/0f1e2d3c.csv')],
    database,
    // deleting a database is deleting all in it
    whole: [...database, glue(`table/${names.database}/*`), glue(`userDefinedFunction/${names.database}/*`)],
    tables: [...database, glue(`table/${names.database}/quotes`), glue(`table/${names.database}/bars`)],
    crawler: [glue(`crawler/${names.crawler}`)],
    role: [`arn:${partition}:iam::${account}:role${names.path}${names.roles.crawler}`],
    workgroup: [`arn:${partition}:athena:${region}:${account}:workgroup/${names.workgroup}`],
    fallback: [glue('catalog'), glue('database/default')],
    log: ['', ':log-stream:x'].map(tail => `arn:${partition}:logs:${region}:${account}:log-group:/aws-glue/crawlers${tail}`),
  }
}

type Kind = keyof ReturnType<typeof resources>

const expand = (place: Place, rows: [command: string, action: string, kind: Kind][]): Call[] =>
  rows.flatMap(([command, action, kind]) => resources(place)[kind].map(resource => ({ command, action, resource })))

/** Every call that lib/ makes, and what it needs. */
export const callsOfLab = (place: Place): Call[] =>
  expand(place, [
    ['headBucket', 's3:ListBucket', 'bucket'],
    ['listObjectsV2', 's3:ListBucket', 'bucket'],
    ['getObject', 's3:GetObject', 'quotes'],
    ['headObject', 's3:GetObject', 'quotes'],
    ['putObject', 's3:PutObject', 'quotes'],
    ['deleteObjects', 's3:DeleteObject', 'quotes'],
    ['createDatabase', 'glue:CreateDatabase', 'database'],
    ['deleteDatabase', 'glue:DeleteDatabase', 'whole'],
    ['getTable', 'glue:GetTable', 'tables'],
    ['getTables', 'glue:GetTables', 'tables'],
    ['getPartitions', 'glue:GetPartitions', 'tables'],
    ['createCrawler', 'glue:CreateCrawler', 'crawler'],
    ['createCrawler', 'iam:PassRole', 'role'],
    ['updateCrawler', 'glue:UpdateCrawler', 'crawler'],
    ['updateCrawler', 'iam:PassRole', 'role'],
    ['getCrawler', 'glue:GetCrawler', 'crawler'],
    ['startCrawler', 'glue:StartCrawler', 'crawler'],
    ['deleteCrawler', 'glue:DeleteCrawler', 'crawler'],
    ['startQueryExecution', 'athena:StartQueryExecution', 'workgroup'],
    ['getQueryExecution', 'athena:GetQueryExecution', 'workgroup'],
    ['getQueryResults', 'athena:GetQueryResults', 'workgroup'],
    ['getQueryResults', 's3:GetObject', 'results'],
    ['stopQueryExecution', 'athena:StopQueryExecution', 'workgroup'],
  ])

/** The role made for a call of the lab, where there is one: writing for the sink, asking for the analyst; the rest is the learner's. */
export function whoMakes({ command, action }: Call): PolicyName | undefined {
  if (['headBucket', 'headObject', 'putObject'].includes(command)) return 'sink'
  if (action.startsWith('athena:') || ['getTable', 'getTables', 'getPartitions', 'getQueryResults'].includes(command))
    return 'analyst'
  return undefined
}

/** What Athena does with the rights of who asks (user guide: "Fine-grained access to databases and tables", "Access to S3"). */
export const callsOnItsBehalf = (place: Place): Call[] =>
  expand(place, [
    ['SELECT', 'glue:GetDatabase', 'database'],
    ['SELECT', 'glue:GetTable', 'tables'],
    ['SELECT', 'glue:GetTables', 'tables'],
    ['SELECT', 'glue:GetPartition', 'tables'],
    ['SELECT', 'glue:GetPartitions', 'tables'],
    ['SELECT', 'glue:BatchGetPartition', 'tables'],
    ['SELECT', 's3:GetObject', 'quotes'],
    ['SELECT', 's3:ListBucket', 'bucket'],
    ['its results', 's3:GetBucketLocation', 'bucket'],
    ['its results', 's3:ListBucketMultipartUploads', 'bucket'],
    ['its results', 's3:PutObject', 'results'],
    ['its results', 's3:AbortMultipartUpload', 'results'],
    ['its results', 's3:ListMultipartUploadParts', 'results'],
    ['CREATE OR REPLACE VIEW', 'glue:CreateTable', 'tables'],
    ['CREATE OR REPLACE VIEW', 'glue:UpdateTable', 'tables'],
    ['any statement', 'glue:GetDatabase', 'fallback'],
    ['any statement', 'glue:CreateDatabase', 'fallback'],
  ])

/** What Glue's crawler does with its role (developer guide: "Crawler prerequisites", AWSGlueServiceRole scoped down). */
export const crawlerCalls = (place: Place): Call[] =>
  expand(place, [
    ['crawl', 's3:ListBucket', 'bucket'],
    ['crawl', 's3:GetBucketLocation', 'bucket'],
    ['crawl', 's3:GetObject', 'quotes'],
    ['crawl', 'glue:GetDatabase', 'database'],
    ['crawl', 'glue:GetTable', 'tables'],
    ['crawl', 'glue:GetTables', 'tables'],
    ['crawl', 'glue:CreateTable', 'tables'],
    ['crawl', 'glue:UpdateTable', 'tables'],
    ['crawl', 'glue:GetPartition', 'tables'],
    ['crawl', 'glue:GetPartitions', 'tables'],
    ['crawl', 'glue:BatchGetPartition', 'tables'],
    ['crawl', 'glue:BatchCreatePartition', 'tables'],
    ['crawl', 'glue:BatchUpdatePartition', 'tables'],
    ['its log', 'logs:CreateLogGroup', 'log'],
    ['its log', 'logs:CreateLogStream', 'log'],
    ['its log', 'logs:PutLogEvents', 'log'],
  ])
