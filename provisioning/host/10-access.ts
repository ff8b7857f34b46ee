import { readFileSync } from 'node:fs'
import { errorMessage } from '../../lib/errors.ts'
import type { AclEntry } from 'kafkajs'
import { kafkaClient, withAdmin } from '../kafka/client.ts'
import { loadKafkajs } from '../../lib/kafkajs.ts'
import { advertisedAddress } from './09-broker.ts'
import { accessAs, type HostContext } from './context.ts'
import { runAlone } from './run-alone.ts'
import type { Step } from './step.ts'

/** The rights of user lab: the default topic (with its dead letters) and group, and everything called `lesson-…`. */
export const access: Step<HostContext> = {
  title: 'rights of user lab',
  skip: ({ secure }) => (secure ? undefined : 'plain mode: whoever reaches the port may do everything'),
  async check(context) {
    try {
      const missing = await missingRights(context)
      return missing.length ? [`${missing.length} rights are missing`] : []
    } catch (error) {
      return [`the rights cannot be read yet (${errorMessage(error)})`]
    }
  },
  async apply(context) {
    const acl = await missingRights(context)
    await withAdmin(await adminClient(context), admin => admin.createAcls({ acl }))
  },
}

async function adminClient(context: HostContext) {
  const ca = readFileSync(context.caFile, 'utf8')
  return kafkaClient(accessAs('admin', context, await advertisedAddress(context), ca))
}

async function missingRights(context: HostContext): Promise<AclEntry[]> {
  const { AclResourceTypes, ResourcePatternTypes, AclOperationTypes, AclPermissionTypes } = loadKafkajs()
  const filter = {
    resourceType: AclResourceTypes.ANY,
    resourcePatternType: ResourcePatternTypes.ANY,
    operation: AclOperationTypes.ANY,
    permissionType: AclPermissionTypes.ANY,
    principal: 'User:lab',
  }
  const { resources } = await withAdmin(await adminClient(context), admin => admin.describeAcls(filter))
  const name = (right: { resourceType: number; resourceName: string; resourcePatternType: number }, operation: number): string =>
    `${right.resourceType} ${right.resourceName} ${right.resourcePatternType} ${operation}`
  const there = new Set(
    resources.flatMap(resource =>
      resource.acls.map(({ operation }) => name({ ...resource, resourcePatternType: resource.resourcePatternType }, operation)),
    ),
  )
  return rights(context).filter(right => !there.has(name(right, right.operation)))
}

/** Every right of user lab as Kafka's ACLs. */
export function rights({ topic, group }: Pick<HostContext, 'topic' | 'group'>): AclEntry[] {
  const { AclResourceTypes, ResourcePatternTypes, AclOperationTypes, AclPermissionTypes } = loadKafkajs()
  const { READ, WRITE, CREATE, DELETE, ALTER, DESCRIBE, DESCRIBE_CONFIGS, ALTER_CONFIGS } = AclOperationTypes
  const onTopic = [READ, WRITE, CREATE, DELETE, ALTER, DESCRIBE, DESCRIBE_CONFIGS, ALTER_CONFIGS]
  const onGroup = [READ, DESCRIBE, DELETE]
  const allow = (resourceType: number, resourceName: string, resourcePatternType: number, operations: number[]): AclEntry[] =>
    operations.map(operation => ({
      resourceType,
      resourceName,
      resourcePatternType,
      principal: 'User:lab',
      host: '*',
      operation,
      permissionType: AclPermissionTypes.ALLOW,
    }))
  const { LITERAL, PREFIXED } = ResourcePatternTypes
  return [
    ...allow(AclResourceTypes.TOPIC, topic, LITERAL, onTopic),
    ...allow(AclResourceTypes.TOPIC, `${topic}.dlq`, LITERAL, onTopic),
    ...allow(AclResourceTypes.TOPIC, 'lesson-', PREFIXED, onTopic),
    ...allow(AclResourceTypes.GROUP, group, LITERAL, onGroup),
    ...allow(AclResourceTypes.GROUP, 'lesson-', PREFIXED, onGroup),
  ]
}

if (import.meta.main) runAlone(access)
