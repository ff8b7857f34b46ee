import type { Config } from '../../lib/config.ts'
import { type Aws, AwsError, ifThere } from '../aws/cli.ts'
import { type Finding, fine, isDenied, skipped, wrong } from './finding.ts'

interface Statement {
  Effect: string
  Action?: string | string[]
  Resource?: string | string[]
  Principal?: { Service?: string | string[] } | string
}

interface Document {
  Statement: Statement | Statement[]
}

const list = <T>(value: T | T[] | undefined): T[] => (value === undefined ? [] : Array.isArray(value) ? value : [value])

/** The role that the crawler reads with: does it exist, may Glue take it on, may it read the data, may it do too much. */
export async function lookAtRole(aws: Aws, { crawlerRole, bucket, prefix }: Config): Promise<Finding[]> {
  const name = crawlerRole.split('/').at(-1)!
  const found = await ifThere(aws<{ Role: { AssumeRolePolicyDocument: Document } }>`iam get-role --role-name ${name}`)
  if (!found)
    return [
      wrong(
        `there is no role ${name}`,
        'LAB_CRAWLER_ROLE names another one, or it was not made yet',
        'npx tickerlake aws up, then source .lab/aws/aws.env',
      ),
    ]
  const trusted = list(found.Role.AssumeRolePolicyDocument.Statement).flatMap(({ Effect, Principal }) =>
    Effect === 'Allow' && typeof Principal === 'object' ? list(Principal.Service) : [],
  )
  if (!trusted.includes('glue.amazonaws.com')) {
    return [
      wrong(
        `role ${name} does not trust Glue`,
        `its trust policy names ${trusted.join(', ') || 'no service'}: Glue may not take it on, and the console does not list it`,
        'add {"Effect":"Allow","Principal":{"Service":"glue.amazonaws.com"},"Action":"sts:AssumeRole"}, or npx tickerlake aws up',
      ),
    ]
  }
  const rights = await rightsOf(aws, name)
  if (rights.denied) return [fine(`role ${name} trusts Glue`), skipped(`rights of role ${name}: this user may not look at them`)]
  if (rights.attached.some(arn => arn.endsWith(':policy/AdministratorAccess')))
    return [
      wrong(
        `role ${name} has AdministratorAccess`,
        'given because something was refused: whoever may run a crawler may now do everything',
        'detach it; provisioning/policies/crawler.json is enough',
      ),
    ]
  const lacking = [
    ['s3:GetObject', `arn:aws:s3:::${bucket}/${prefix}x`],
    ['s3:ListBucket', `arn:aws:s3:::${bucket}`],
  ].filter(([action, resource]) => !rights.statements.some(statement => allows(statement, action!, resource!)))
  if (lacking.length === 0) return [fine(`role ${name} trusts Glue and may read s3://${bucket}/${prefix}`)]
  return [
    wrong(
      `role ${name} lacks ${lacking.map(([action, resource]) => `${action} on ${resource!.replace(/x$/, '*')}`).join(' and ')}`,
      'AWSGlueServiceRole reads only buckets called aws-glue-*: the crawl is green, or fails with 403, and makes no table',
      'give it provisioning/policies/crawler.json (npx tickerlake aws up does)',
    ),
  ]
}

interface Rights {
  denied: boolean
  statements: Statement[]
  attached: string[]
}

async function rightsOf(aws: Aws, role: string): Promise<Rights> {
  try {
    const { PolicyNames } = await aws<{ PolicyNames: string[] }>`iam list-role-policies --role-name ${role}`
    const { AttachedPolicies } = await aws<{
      AttachedPolicies: { PolicyArn: string }[]
    }>`iam list-attached-role-policies --role-name ${role}`
    const statements: Statement[] = []
    for (const policy of PolicyNames) {
      const { PolicyDocument } = await aws<{
        PolicyDocument: Document
      }>`iam get-role-policy --role-name ${role} --policy-name ${policy}`
      statements.push(...list(PolicyDocument.Statement))
    }
    const attached = AttachedPolicies.map(({ PolicyArn }) => PolicyArn)
    for (const arn of attached) statements.push(...(await managed(aws, arn)))
    return { denied: false, statements, attached }
  } catch (error) {
    if (error instanceof AwsError && isDenied(error)) return { denied: true, statements: [], attached: [] }
    throw error
  }
}

async function managed(aws: Aws, arn: string): Promise<Statement[]> {
  const { Policy } = await aws<{ Policy: { DefaultVersionId: string } }>`iam get-policy --policy-arn ${arn}`
  const { PolicyVersion } = await aws<{
    PolicyVersion: { Document: Document }
  }>`iam get-policy-version --policy-arn ${arn} --version-id ${Policy.DefaultVersionId}`
  return list(PolicyVersion.Document.Statement)
}

/** Whether a statement allows an action on a resource; `*` and `?` as IAM takes them, any partition's ARN. */
function allows({ Effect, Action, Resource }: Statement, action: string, resource: string): boolean {
  const matches = (pattern: string, text: string): boolean =>
    new RegExp(
      `^${pattern
        .replace(/[.+^${}()|[\]\\]/g, '\\$&')
        .replaceAll('*', '.*')
        .replaceAll('?', '.')}$`,
      'i',
    ).test(text)
  const plain = (arn: string): string => arn.replace(/^arn:aws[a-z-]*:/, 'arn:aws:')
  return (
    Effect === 'Allow' &&
    list(Action).some(one => matches(one, action)) &&
    list(Resource).some(one => matches(plain(one), resource))
  )
}
