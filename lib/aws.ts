import type { Athena } from '@aws-sdk/client-athena'
import type { Glue } from '@aws-sdk/client-glue'
import type { S3 } from '@aws-sdk/client-s3'
import { errorMessage, LabError } from './errors.ts'
import type { Lab } from './lab.ts'

/** The S3 client (AWS SDK, all operations as methods) of the lab's home, ready made. */
export function s3Client(lab: Lab): Promise<S3> {
  return lab.client('s3') as Promise<S3>
}

/** The Glue client of the lab's home, ready made. */
export function glueClient(lab: Lab): Promise<Glue> {
  return lab.client('glue') as Promise<Glue>
}

/** The Athena client of the lab's home, ready made. */
export function athenaClient(lab: Lab): Promise<Athena> {
  return lab.client('athena') as Promise<Athena>
}

/** True when an AWS service answered with this code. */
export function isAwsError(error: unknown, ...names: string[]): boolean {
  return error instanceof Error && names.includes(error.name)
}

/** What an AWS service said, as a `LabError` about `subject` with the service's own code. A `LabError` stays as it is. */
export function awsError(subject: string, error: unknown): LabError {
  if (error instanceof LabError) return error
  const { name = 'AWS', code } = error as { name?: string; code?: string }
  if (code === 'ECONNREFUSED') {
    return new LabError(
      'AWS_UNREACHABLE',
      `${subject}: nothing answers at the endpoint: ${errorMessage(error)}. Is it running (npx tickerlake status), and is LAB_CLOUD right?`,
      { cause: error },
    )
  }
  if (name === 'CredentialsProviderError') {
    return new LabError(name, `${subject}: no AWS credentials were found. Run \`aws configure\` or set AWS_PROFILE.`, {
      cause: error,
    })
  }
  const hint = name === 'InternalError' ? ' On the embedded home, home.log in LAB_DIR says why: a full disk, for instance.' : ''
  return new LabError(name, `${subject}: ${errorMessage(error)}${hint}`, { cause: error })
}
