import { awsError } from '../../lib/aws.ts'
import type { Config } from '../../lib/config.ts'
import { errorMessage } from '../../lib/errors.ts'
import { type Finding, isDenied, skipped, wrong } from './finding.ts'
import { probe } from './probe.ts'

// S3's, Glue's and Athena's words for keys that do not open anything
const keyErrors: Record<string, [cause: string, fix: string]> = {
  CredentialsProviderError: [
    'no AWS credentials in this shell: no profile, no variables, or a notebook that was started from another one',
    'aws configure, or export AWS_PROFILE; after aws up: source .lab/aws/aws.env',
  ],
  ExpiredToken: ['the session has ended', 'log in again (aws sso login, or take new keys)'],
  ExpiredTokenException: ['the session has ended', 'log in again (aws sso login, or take new keys)'],
  InvalidAccessKeyId: ['the access key does not exist (deleted, or of another home)', 'aws configure with keys that exist'],
  UnrecognizedClientException: [
    'the access key does not exist (deleted, or of another home)',
    'aws configure with keys that exist',
  ],
  SignatureDoesNotMatch: ['the secret access key is not the one of this access key', 'enter both again: aws configure'],
  InvalidSignatureException: ['the secret access key is not the one of this access key', 'enter both again: aws configure'],
  RequestTimeTooSkewed: ["this machine's clock is wrong", 'set it (timedatectl set-ntp true)'],
  PermanentRedirect: ['the bucket is in another region', 'set AWS_REGION to the one it was made in'],
}

/** An AWS call that failed, as a finding about `subject`: no rights is no fault of the lab. */
export function cloudFailure(subject: string, error: unknown): Finding {
  const { name = '' } = error as { name?: string }
  const known = keyErrors[name]
  if (known) return wrong(`${subject}: ${name}`, ...known)
  if (isDenied(error)) return skipped(`${subject}: this user may not look there (${name})`)
  if (/Region is missing/.test(errorMessage(error)))
    return wrong(`${subject}: no AWS region`, 'neither AWS_REGION nor the profile names one', 'export AWS_REGION=us-east-1')
  return wrong(`${subject}: cannot be looked at`, awsError(subject, error).message, 'correct what the sentence names')
}

/** Why nothing of the cloud can be looked at, or undefined: an endpoint that does not answer would say so once for each check. */
export async function cloudProblem({ cloud }: Pick<Config, 'cloud'>): Promise<Finding | undefined> {
  if (cloud.kind !== 'endpoint') return undefined
  const { hostname, port, protocol } = new URL(cloud.url)
  const reach = await probe(hostname.replace(/^\[|\]$/g, ''), Number(port) || (protocol === 'https:' ? 443 : 80))
  if (reach === 'open') return undefined
  return wrong(
    `LAB_CLOUD ${cloud.url}: ${reach}`,
    reach === 'refused' ? 'nothing listens there: the emulator is not started, or has another port' : 'no way leads there',
    'start it, correct LAB_CLOUD, or unset it for the embedded home',
  )
}
