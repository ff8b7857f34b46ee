import { LabError } from '../../lib/errors.ts'
import { isDeepStrictEqual } from 'node:util'
import type { Step } from '../host/step.ts'
import { AwsError, believed, ifThere, unless } from './cli.ts'
import type { AwsContext } from './context.ts'
import { noteBucket } from './05-roles.ts'
import { isTagged, type Tag } from './names.ts'
import { withProgress } from './progress.ts'
import { runAlone } from './run-alone.ts'

const blocked = { BlockPublicAcls: true, IgnorePublicAcls: true, BlockPublicPolicy: true, RestrictPublicBuckets: true }

/** Query results go after a week, broken uploads after a day; quotes stay until `down`. */
const lifecycle = {
  Rules: [
    { ID: 'results', Status: 'Enabled', Filter: { Prefix: 'results/' }, Expiration: { Days: 7 } },
    {
      ID: 'broken-uploads',
      Status: 'Enabled',
      Filter: { Prefix: '' },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
    },
  ],
}

/** The lake's bucket, closed to the public. */
export const bucket: Step<AwsContext> = {
  title: 'bucket',
  async check(context) {
    const { aws, names } = context
    if (!(await ownBucketExists(context))) return [`no bucket ${names.bucket}`]
    const access = await ifThere(
      aws<{ PublicAccessBlockConfiguration: unknown }>`s3api get-public-access-block --bucket ${names.bucket}`,
    )
    const rules = await ifThere(
      aws<{ Rules: { ID?: string }[] }>`s3api get-bucket-lifecycle-configuration --bucket ${names.bucket}`,
    )
    return [
      ...((await carriesTag(context)) ? [] : ['no tag Project']),
      ...(isDeepStrictEqual(access?.PublicAccessBlockConfiguration, blocked) ? [] : ['public access is not blocked']),
      ...(lifecycle.Rules.every(({ ID }) => rules?.Rules.some(rule => rule.ID === ID)) ? [] : ['no lifecycle']),
    ]
  },
  async apply(context) {
    const { aws, names, save } = context
    if (!(await ownBucketExists(context))) {
      save({ bucket: names.bucket })
      if (!names.bucketIsOurs) await noteBucket(context)
      await createBucket(context)
    }
    await aws`s3api put-bucket-tagging --bucket ${names.bucket} --tagging ${`TagSet=[{Key=Project,Value=${names.project}}]`}`
    await aws`s3api put-public-access-block --bucket ${names.bucket} --public-access-block-configuration ${JSON.stringify(blocked)}`
    await aws`s3api put-bucket-lifecycle-configuration --bucket ${names.bucket} --lifecycle-configuration ${JSON.stringify(lifecycle)}`
  },
}

/** S3 answers OperationAborted for some minutes to the name of a bucket that was deleted just now: `down`, then `up`. */
async function createBucket({ aws, names, region, say }: AwsContext): Promise<void> {
  const place = region === 'us-east-1' ? [] : ['--create-bucket-configuration', `LocationConstraint=${region}`]
  const create = () => aws`s3api create-bucket --bucket ${names.bucket} ${place}`
  try {
    const made = believed(create, ['OperationAborted'], 300_000)
    await unless(['BucketAlreadyOwnedByYou'], withProgress(say, `waiting until S3 gives ${names.bucket} out again`, made))
  } catch (error) {
    if (!(error instanceof AwsError && error.code === 'OperationAborted')) throw error
    throw new LabError(
      'BUCKET',
      `Bucket ${names.bucket}: S3 has not yet forgotten the one of that name that was deleted. Run it again in some minutes.`,
      { cause: error },
    )
  }
}

/** Whether the bucket is there. Throws LabError BUCKET when it is not surely the lab's. */
export async function ownBucketExists(context: AwsContext): Promise<boolean> {
  const { names } = context
  if (!(await bucketExists(context))) return false
  if (await bucketIsOurs(context)) return true
  throw new LabError(
    'BUCKET',
    `Bucket ${names.bucket}: it is in this account already and does not carry the tag Project=${names.project}, and \`down\` would delete it. Choose another name (LAB_BUCKET).`,
  )
}

/** Whether the bucket is there and may be used. Throws LabError BUCKET when it is somebody else's. */
export async function bucketExists({ aws, names }: Pick<AwsContext, 'aws' | 'names'>): Promise<boolean> {
  try {
    await aws`s3api head-bucket --bucket ${names.bucket}`
    return true
  } catch (error) {
    if (!(error instanceof AwsError) || !['NotFound', 'Forbidden'].includes(error.code)) throw error
    if (error.code === 'NotFound') return false
    throw new LabError(
      'BUCKET',
      `Bucket ${names.bucket}: the name belongs to another account. Choose another one: export LAB_BUCKET=…`,
      { cause: error },
    )
  }
}

/** Only a bucket that is surely the lab's may be emptied and deleted: by its tag, its own name, or a note that it was made (the state file, the crawler's role). */
export const bucketIsOurs = async (context: AwsContext): Promise<boolean> =>
  context.names.bucketIsOurs || context.state.bucket === context.names.bucket || carriesTag(context)

async function carriesTag({ aws, names }: AwsContext): Promise<boolean> {
  const tags = await ifThere(aws<{ TagSet: Tag[] }>`s3api get-bucket-tagging --bucket ${names.bucket}`)
  return isTagged(tags?.TagSet, names)
}

if (import.meta.main) runAlone(bucket)
