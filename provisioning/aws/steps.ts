import type { Step } from '../host/step.ts'
import { keyPair } from './01-key-pair.ts'
import { securityGroup } from './02-security-group.ts'
import { instance } from './03-instance.ts'
import { bucket } from './04-bucket.ts'
import { roles } from './05-roles.ts'
import { catalog } from './06-catalog.ts'
import { workgroup } from './07-workgroup.ts'
import { budget } from './08-budget.ts'
import { user } from './09-user.ts'
import type { AwsContext } from './context.ts'

/** The lab on AWS, in this order; Kafka on the instance comes after (provisioning/host). */
export const awsSteps: Step<AwsContext>[] = [keyPair, securityGroup, instance, bucket, roles, catalog, workgroup, budget, user]
