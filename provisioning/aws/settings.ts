import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { loadConfig } from '../../lib/config.ts'
import { advertisedAddress } from '../host/09-broker.ts'
import { exportLines, settingsLines } from '../host/set-up.ts'
import { crawlerRoleArn } from './05-roles.ts'
import { resultsOf } from './07-workgroup.ts'
import { readAccessKey } from './09-user.ts'
import type { AwsContext } from './context.ts'
import { hostContext } from './kafka-host.ts'
import { writePrivate } from './state.ts'

/** The file a shell sources, so that notebooks, `npm start` and `npx tickerlake` work on AWS. It may hold secrets: mode 600. */
export const settingsFile = (dir: string): string => join(dir, 'aws.env')

// of another Kafka that the shell was told about before
const kafkaNames = ['TLS', 'CA', 'SERVERNAME', 'MECHANISM', 'USER', 'PASSWORD'].map(name => `LAB_KAFKA_${name}`)

/** Writes that file anew; answers its path. */
export async function writeAwsSettings(context: AwsContext): Promise<string> {
  const { names, region, dir, state } = context
  const { topic, group } = loadConfig({ ...process.env, LAB_CLOUD: 'embedded' })
  const key = readAccessKey(dir)
  const file = settingsFile(dir)
  const lab = {
    LAB_CLOUD: process.env.AWS_ENDPOINT_URL || 'aws',
    AWS_REGION: region,
    LAB_TOPIC: topic,
    LAB_GROUP: group,
    LAB_BUCKET: names.bucket,
    LAB_PREFIX: names.prefix,
    LAB_DATABASE: names.database,
    LAB_CRAWLER: names.crawler,
    LAB_CRAWLER_ROLE: crawlerRoleArn(context),
    LAB_WORKGROUP: names.workgroup,
    LAB_RESULTS: resultsOf(context),
    ...(key && { AWS_ACCESS_KEY_ID: key.AccessKeyId, AWS_SECRET_ACCESS_KEY: key.SecretAccessKey }),
  }
  const kafka = await kafkaLines(context, state.address)
  // a profile or a session of the shell would win over the user's keys, or spoil them
  const clear = [...(key ? ['AWS_PROFILE', 'AWS_SESSION_TOKEN'] : []), ...(kafka.LAB_KAFKA ? kafkaNames : [])]
  writePrivate(file, (clear.length ? `unset ${clear.join(' ')}\n` : '') + exportLines({ ...lab, ...kafka }))
  return file
}

/** LAB_KAFKA and its companions: the address that the broker tells its clients, else the instance's. */
async function kafkaLines(context: AwsContext, address: string | undefined): Promise<Record<string, string>> {
  if (!address || !existsSync(join(context.dir, 'secrets.json'))) return {}
  const host = await hostContext(context)
  try {
    return settingsLines(host, (await advertisedAddress(host).catch(() => undefined)) || address)
  } finally {
    await host.host.close()
  }
}
