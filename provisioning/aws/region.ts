import { LabError } from '../../lib/errors.ts'
import { type Aws, AwsError, ifThere } from './cli.ts'
import type { AwsContext } from './context.ts'

const imageParameter = '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64'

/** The default VPC's id. */
export async function defaultVpc(aws: Aws, region: string): Promise<string> {
  const { Vpcs } = await aws<{ Vpcs: { VpcId: string }[] }>`ec2 describe-vpcs --filters Name=is-default,Values=true`
  if (!Vpcs[0])
    throw new LabError('VPC', `Default VPC: ${region} has none. Make one: aws ec2 create-default-vpc --region ${region}`)
  return Vpcs[0].VpcId
}

/** The newest Amazon Linux 2023 image. */
export async function latestImage(aws: Aws, region: string): Promise<string> {
  const found = await ifThere(aws<{ Parameter: { Value: string } }>`ssm get-parameter --name ${imageParameter}`)
  if (!found)
    throw new LabError('REGION', `Amazon Linux 2023: ${region} has no image of it. Use another region, for example us-east-1.`)
  return found.Parameter.Value
}

interface InstanceTypes {
  InstanceTypes: {
    InstanceType: string
    MemoryInfo: { SizeInMiB: number }
    ProcessorInfo: { SupportedArchitectures: string[] }
  }[]
}

/** The smallest instance type the free tier knows here that has 1 GiB or more; asked, because it differs by account and year. */
export async function freeTierType(aws: Aws, region: string): Promise<string> {
  const answer =
    await aws<InstanceTypes>`ec2 describe-instance-types --filters Name=free-tier-eligible,Values=true Name=processor-info.supported-architecture,Values=x86_64`
  const types = answer.InstanceTypes.filter(
    ({ MemoryInfo, ProcessorInfo }) => MemoryInfo.SizeInMiB >= 1024 && ProcessorInfo.SupportedArchitectures.includes('x86_64'),
  )
  types.sort((a, b) => a.MemoryInfo.SizeInMiB - b.MemoryInfo.SizeInMiB || b.InstanceType.localeCompare(a.InstanceType))
  if (!types[0])
    throw new LabError(
      'REGION',
      `Instance types: ${region} has none of the free tier. Use another region, for example us-east-1.`,
    )
  return types[0].InstanceType
}

/** Throws LabError REGION when Glue or Athena do not answer in this region. */
export async function refuseWithoutServices({ aws, region }: Pick<AwsContext, 'aws' | 'region'>): Promise<void> {
  const asks: [string, () => Promise<unknown>][] = [
    ['Glue', () => aws`glue get-databases --max-results 1`],
    ['Athena', () => aws`athena list-work-groups --max-results 1`],
  ]
  for (const [service, ask] of asks) {
    try {
      await ask()
    } catch (error) {
      if (!(error instanceof AwsError) || error.code !== 'Connect') throw error
      throw new LabError('REGION', `${service}: does not answer in ${region}. Use another region, for example us-east-1.`, {
        cause: error,
      })
    }
  }
}

/** Throws LabError when the region lacks what the Kafka host needs, before anything is made; answers the instance type it will have. */
export async function hostType({ aws, region, state }: Pick<AwsContext, 'aws' | 'region' | 'state'>): Promise<string> {
  if (state.instanceType && state.imageId) return state.instanceType
  await defaultVpc(aws, region)
  await latestImage(aws, region)
  return freeTierType(aws, region)
}
