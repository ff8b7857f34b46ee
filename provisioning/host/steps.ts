import { swap } from './01-swap.ts'
import { java } from './02-java.ts'
import { kafka } from './03-kafka.ts'
import { user } from './04-user.ts'
import { zookeeper } from './05-zookeeper.ts'
import { publicAddress } from './06-public-address.ts'
import { certificate } from './07-certificate.ts'
import { users } from './08-users.ts'
import { broker } from './09-broker.ts'
import { access } from './10-access.ts'
import { topic } from './11-topic.ts'

/** A bare Linux host becomes the lab's Kafka, in this order. */
export const hostSteps = [swap, java, kafka, user, zookeeper, publicAddress, certificate, users, broker, access, topic]
