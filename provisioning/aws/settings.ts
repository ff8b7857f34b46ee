import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { exportLines, settingsLines } from '../host/set-up.ts'
import { crawlerRoleArn } from './05-roles.ts'
import { resultsOf } from './07-workgroup.ts'
import { readAccessKey } from './09-user.ts'
import type { AwsContext } from './context.ts'
import { hostContext } from './kafka-host.ts'
import { writePrivate } from './state.ts'

/** The file a shell sources, so that notebooks, `npm start` and `npx tickerlake` work on AWS. It may hold secrets: mode 600. */
export const settingsFile = (dir: string): string => join(dir, 'aws.env')

/** Writes that file anew; answers its path. */
export async function writeAwsSettings(context: AwsContext): Promise<string> {
  const { names, region, dir, state } = context
  const key = readAccessKey(dir)
  const file = settingsFile(dir)
  const lab = {
    LAB_CLOUD: process.env.AWS_ENDPOINT_URL || 'aws',
    AWS_REGION: region,
    LAB_BUCKET: names.bucket,
    LAB_PREFIX: names.prefix,
    LAB_DATABASE: names.database,
    LAB_CRAWLER: names.crawler,
    LAB_CRAWLER_ROLE: crawlerRoleArn(context),
    LAB_WORKGROUP: names.workgroup,
    LAB_RESULTS: resultsOf(context),
    ...(key && { AWS_ACCESS_KEY_ID: key.AccessKeyId, AWS_SECRET_ACCESS_KEY: key.SecretAccessKey }),
  }
  // a profile or a session of the shell would win over the user's keys, or spoil them
  const clear = key ? 'unset AWS_PROFILE AWS_SESSION_TOKEN\n' : ''
  writePrivate(file, clear + exportLines({ ...lab, ...(await kafkaLines(context, state.address)) }))
  return file
}

async function kafkaLines(context: AwsContext, address: string | undefined): Promise<Record<string, string>> {
  if (!address || !existsSync(join(context.dir, 'secrets.json'))) return {}
  const host = await hostContext(context)
  try {
    return settingsLines(host, address)
  } finally {
    await host.host.close()
  }
}
