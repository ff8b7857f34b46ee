import { createHash } from 'node:crypto'
import { encodeProperties } from '../kafka/properties.ts'
import type { HostContext } from './context.ts'
import { runAlone } from './run-alone.ts'
import type { Step } from './step.ts'

// sums of long random passwords: they tell whether the host has today's, and nothing else
const stamp = '/etc/lab/users.sha512'
const sum = ({ secrets }: HostContext): string =>
  createHash('sha512').update(`${secrets.adminPassword}\n${secrets.labPassword}`).digest('hex')

/** What kafka-configs reads: a properties file, so that no character of a password is taken for syntax. */
const scram = (password: string): string => encodeProperties({ 'SCRAM-SHA-512': `iterations=4096,password=${password}` })

/** The SCRAM users, written to ZooKeeper before the broker's first start: it logs in as one of them itself. */
export const users: Step<HostContext> = {
  title: 'Kafka users',
  skip: ({ secure }) => (secure ? undefined : 'plain mode'),
  check: async context =>
    (await context.host.run`cat ${stamp} 2>/dev/null || true`) === sum(context) ? [] : ['users admin and lab are not set'],
  async apply(context) {
    const { adminPassword, labPassword } = context.secrets
    // passwords go through a file, never an argument list; one JVM for each user, so ZooKeeper and the broker have room
    await context.host.run`umask 077
      file=$(mktemp /etc/lab/scram.XXXXXX); trap 'rm -f "$file"' EXIT
      set_password() {
        printf %s "$2" > "$file"
        KAFKA_HEAP_OPTS=-Xmx96M timeout -k 5 90 /opt/kafka/bin/kafka-configs.sh --zookeeper 127.0.0.1:2181 --alter --add-config-file "$file" --entity-type users --entity-name "$1"
      }
      for _ in {1..100}; do (exec 3<>/dev/tcp/127.0.0.1/2181) 2>/dev/null && break; sleep 0.3; done
      set_password admin ${scram(adminPassword)}
      set_password lab ${scram(labPassword)}
      echo ${sum(context)} > ${stamp}`
  },
}

if (import.meta.main) runAlone(users)
