import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AwsContext } from './context.ts'

/** A policy of IAM. */
export interface Policy {
  Version: '2012-10-17'
  Statement: { Sid: string; Effect: 'Allow'; Action: string | string[]; Resource: string | string[]; Condition?: object }[]
}

export type PolicyName = 'sink' | 'crawler' | 'analyst' | 'learner'

type Place = Pick<AwsContext, 'account' | 'region' | 'partition' | 'names'>

/** Reads a policy of `policies/` and puts this lab's names into it. */
export function policy(name: PolicyName, { account, region, partition, names }: Place): Policy {
  const { bucket, prefix, database, crawler, workgroup } = names
  const values: Record<string, string> = { partition, account, region, bucket, prefix, database, crawler, workgroup }
  const text = readFileSync(join(import.meta.dirname, '..', 'policies', `${name}.json`), 'utf8')
  return JSON.parse(text.replace(/\{(\w+)\}/g, (whole, key: string) => values[key] ?? whole)) as Policy
}

/** Who may take on a role: Glue for the crawler (only for this account), people of this account for the others. */
export function trust(
  role: 'crawler' | 'sink' | 'analyst',
  { account, partition }: Pick<AwsContext, 'account' | 'partition'>,
): object {
  const who =
    role === 'crawler'
      ? { Principal: { Service: 'glue.amazonaws.com' }, Condition: { StringEquals: { 'aws:SourceAccount': account } } }
      : { Principal: { AWS: `arn:${partition}:iam::${account}:root` } }
  return { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', ...who }] }
}
