import type { Admin, ITopicMetadata, Kafka } from 'kafkajs'
import { errorMessage, LabError } from './errors.ts'
import type { Lab } from './lab.ts'
import { waitFor } from './wait.ts'

/** Headers of a record: bytes or text, and a list where a name comes several times. */
export type RecordHeaders = Record<string, Buffer | string | (Buffer | string)[] | undefined>

/** The Kafka client (kafkajs) of the lab's home, ready made. */
export function kafkaClient(lab: Lab): Promise<Kafka> {
  return lab.client('kafka') as Promise<Kafka>
}

/** Runs `work` with a connected admin client and disconnects it again. Errors become `LabError`s about `subject`. */
export async function withAdmin<T>(lab: Lab, subject: string, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = (await kafkaClient(lab)).admin()
  try {
    await admin.connect()
    return await work(admin)
  } catch (error) {
    throw kafkaError(subject, error)
  } finally {
    await admin.disconnect().catch(() => undefined)
  }
}

/** A topic's metadata. Says at once that there is no such topic, where other calls try for many seconds; with several brokers it looks for two,
 *  because not all of them know a topic as soon as it is made. */
export async function topicMetadata(admin: Admin, topic: string): Promise<ITopicMetadata> {
  const { brokers } = await admin.describeCluster()
  const deadline = performance.now() + (brokers.length > 1 ? 2000 : 0)
  return waitFor(`topic ${topic}`, async () => {
    try {
      return (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0]
    } catch (error) {
      if ((error as { type?: string }).type !== 'UNKNOWN_TOPIC_OR_PARTITION' || performance.now() >= deadline) throw error
      return false
    }
  })
}

/** What went wrong with Kafka, as a sentence about `subject` with a next step. A `LabError` stays as it is. */
export function kafkaError(subject: string, error: unknown): LabError {
  if (error instanceof LabError) return error
  const root = rootOf(error)
  const type = (root as { type?: string }).type ?? ''
  const known = sentences[type]
  if (known) return new LabError(type, `${subject}: ${known}`, { cause: error })
  const certificate = /certificate|altnames|self-signed|unable to verify/i.test(root.message)
  if (certificate)
    return new LabError(
      'KAFKA_CERTIFICATE',
      `${subject}: the broker's TLS certificate is not trusted: ${root.message.replace(/^Connection error: /, '')}. Check LAB_KAFKA_CA (the file of the authority that signed it) and LAB_KAFKA_SERVERNAME (the name in it).`,
      { cause: error },
    )
  const hidden = hiddenCauses[root.name]
  if (hidden) return new LabError(hidden.code, `${subject}: ${hidden.sentence}`, { cause: error })
  // A TypeError is kafkajs taking a broker's answer apart that never came.
  if (/^KafkaJS(Connection|BrokerNotFound|RequestTimeout|NoBroker)/.test(root.name) || root instanceof TypeError) {
    return new LabError(
      'KAFKA_UNREACHABLE',
      `${subject}: Kafka cannot be reached: ${root.message}. Is it running (npx tickerlake status), and is LAB_KAFKA right?`,
      { cause: error },
    )
  }
  if (/SASL|Authentication/i.test(root.name + root.message)) {
    return new LabError(
      'KAFKA_AUTHENTICATION',
      `${subject}: Kafka refused the login: ${root.message}. Check LAB_KAFKA_USER, LAB_KAFKA_PASSWORD and LAB_KAFKA_MECHANISM.`,
      { cause: error },
    )
  }
  return new LabError(type || 'KAFKA', `${subject}: ${errorMessage(root)}`, { cause: error })
}

const sentences: Record<string, string> = {
  UNKNOWN_TOPIC_OR_PARTITION: 'there is no such topic. See `npx tickerlake topics list`, or create it.',
  INVALID_TOPIC_EXCEPTION: 'Kafka refuses this name. Use up to 249 of a-z, A-Z, 0-9, ".", "_" and "-".',
  TOPIC_ALREADY_EXISTS: 'the topic exists already. Choose another name, or delete it first.',
  TOPIC_AUTHORIZATION_FAILED: 'the user has no right on this topic. Give it one (ACL), or choose another user.',
  GROUP_AUTHORIZATION_FAILED: 'the user has no right on this consumer group. Give it one (ACL), or choose another group.',
  CLUSTER_AUTHORIZATION_FAILED: 'the user has no such right on the cluster. Give it one (ACL), or choose another user.',
  SASL_AUTHENTICATION_FAILED: 'Kafka refused the login. Check LAB_KAFKA_USER, LAB_KAFKA_PASSWORD and LAB_KAFKA_MECHANISM.',
  NON_EMPTY_GROUP: 'the group has running members. Stop them first.',
  GROUP_ID_NOT_FOUND: 'there is no such consumer group.',
  MESSAGE_TOO_LARGE: 'a message is larger than the broker takes (max.message.bytes). Send smaller ones.',
}

/** Errors in which kafkajs hides what the broker meant (seen with Kafka 3.9.2, TLS and ACLs). */
const hiddenCauses: Record<string, { code: string; sentence: string }> = {
  KafkaJSConnectionClosedError: {
    code: 'KAFKA_UNREACHABLE',
    sentence:
      'Kafka closed the connection without a word: it wants TLS or a login that the lab does not use, or it has just stopped. Check LAB_KAFKA_TLS, LAB_KAFKA_CA and LAB_KAFKA_USER, or ask: npx tickerlake kafka doctor',
  },
  KafkaJSGroupCoordinatorNotFound: {
    code: 'GROUP_COORDINATOR_NOT_FOUND',
    sentence:
      'no broker answers for this consumer group: Kafka is gone or has just started, or the user has no right on the group. Try again; then check npx tickerlake status and the ACLs.',
  },
}

/** kafkajs wraps the broker's answer in retry and aggregate errors; the innermost one tells the cause. */
function rootOf(error: unknown): Error {
  let root = error instanceof Error ? error : new Error(String(error))
  for (let depth = 0; depth < 8; depth++) {
    const { cause, originalError, errors } = root as { cause?: unknown; originalError?: unknown; errors?: unknown[] }
    const inner = errors?.[0] ?? cause ?? originalError
    if (!(inner instanceof Error)) break
    root = inner
  }
  return root
}
