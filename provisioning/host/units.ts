/** The part of both units that keeps a Java service alive and in its place. */
const service = ({ name, restartSec }: { name: string; restartSec: number }): string => `[Service]
User=kafka
Group=kafka
EnvironmentFile=/etc/lab/${name}.env
SuccessExitStatus=143
Restart=always
RestartSec=${restartSec}
TimeoutStopSec=60
LimitNOFILE=100000
NoNewPrivileges=yes
ProtectSystem=full
PrivateTmp=yes
`

// goes on trying: a disk that was full must come back by itself once there is room
const unit = (lines: string): string => `[Unit]\n${lines}StartLimitIntervalSec=0\n`
const install = '[Install]\nWantedBy=multi-user.target\n'

/** ZooKeeper's unit: back one second after a crash, before the brokers' sessions end. */
export const zookeeperUnit = `${unit('Description=ZooKeeper (lab)\nAfter=network-online.target\nWants=network-online.target\n')}
${service({ name: 'zookeeper', restartSec: 1 })}ExecStart=/opt/kafka/bin/zookeeper-server-start.sh /etc/lab/zookeeper.properties

${install}`

/**
 * The broker's unit. `Wants=` and not `Requires=`: a crash of ZooKeeper must not stop the broker. Before the start it waits until
 * ZooKeeper serves and has dropped the registration of a killed predecessor (else NodeExistsException, KAFKA-14845).
 */
export function kafkaUnit(kraft: boolean): string {
  const others = kraft ? 'lab-public-address.service' : 'lab-zookeeper.service lab-public-address.service'
  const wants = kraft ? '' : 'Wants=lab-zookeeper.service\n'
  const wait = kraft ? '' : 'ExecStartPre=/bin/bash /etc/lab/wait-for-zookeeper\n'
  const advertised = 'EXTERNAL://${PUBLIC_ADDRESS}:9092,INTERNAL://127.0.0.1:9094'
  return `${unit(`Description=Kafka (lab)\n${wants}Requires=lab-public-address.service\nAfter=${others}\n`)}
${service({ name: 'kafka', restartSec: 1 })}EnvironmentFile=/run/lab-kafka.env
${wait}ExecStart=/opt/kafka/bin/kafka-server-start.sh /etc/lab/server.properties --override advertised.listeners=${advertised}

${install}`
}

/** Up to 60 s for ZooKeeper to serve and to forget broker 0. */
export const waitForZooKeeper = `ask() { exec 3<>/dev/tcp/127.0.0.1/2181 && echo dump >&3 && timeout 2 cat <&3; }
for _ in {1..200}; do
  answer=$(ask 2>/dev/null) && [[ $answer == *'SessionTracker dump'* && $answer != */brokers/ids/0* ]] && exit 0
  sleep 0.3
done
echo 'ZooKeeper does not serve on 127.0.0.1:2181, or still believes another broker 0 alive'
exit 1
`

/** Finds the address clients must be told, at every boot: EC2's metadata service (IMDSv2), else the address given at set-up. */
export const publicAddressScript = `#!/bin/bash
# writes PUBLIC_ADDRESS to /run/lab-kafka.env
set -u
metadata=http://169.254.169.254/latest
answered=/var/lib/lab-metadata # remembers that this host has such a service, which is then worth a wait
given=$(cat /etc/lab/address)
isAddress() { [[ $1 =~ ^[0-9]{1,3}([.][0-9]{1,3}){3}$ ]]; }
ask() { curl -fsS --connect-timeout 1 -m 5 "$@" 2>/dev/null | head -c 1000 | tr -cd '[:print:]'; }
get() { ask -H "X-aws-ec2-metadata-token: $token" "$metadata/meta-data/$1"; }

token=
tries=3; [ ! -e "$answered" ] || tries=60 # for four minutes
for ((i = 0; i < tries; i++)); do
  token=$(ask -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$metadata/api/token")
  # a page of some other service is no token
  if [[ $token =~ ^[A-Za-z0-9+/=_-]+$ ]]; then touch "$answered"; break; fi
  token=
  if ((i < 10)); then sleep 0.5; else sleep 5; fi
done
address=
if [ -n "$token" ]; then
  if [ "$(get local-ipv4)" != "$given" ]; then # set up through its private address, it is used through that
    for _ in {1..20}; do
      address=$(get public-ipv4)
      isAddress "$address" && break
      address=; sleep 0.5
    done
  fi
elif [ -e "$answered" ]; then # the address given at set-up may be somebody else's by now
  echo 'the metadata service of this host does not answer' >&2; exit 1
fi
[ -n "$address" ] || address=$given
[[ $address =~ ^[0-9A-Za-z][0-9A-Za-z.-]*$ ]] || { echo "not an address: $address" >&2; exit 1; }
echo "PUBLIC_ADDRESS=$address" > /run/lab-kafka.env
`

/** The oneshot that runs it before the broker starts. */
export const publicAddressUnit = `[Unit]
Description=Public address of this host for Kafka (lab)
After=network-online.target
Wants=network-online.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/etc/lab/public-address

${install}`

/** Environment of a service: a small heap, the serial collector, no log files (journald keeps the output). */
export const environment = ({ heap, name }: { heap: string; name: string }): string => `KAFKA_HEAP_OPTS='${heap}'
KAFKA_JVM_PERFORMANCE_OPTS=-XX:+UseSerialGC
KAFKA_LOG4J_OPTS=-Dlog4j.configuration=file:/etc/lab/log4j.properties
KAFKA_JMX_OPTS=-Djava.awt.headless=true
LOG_DIR=/var/log/kafka
EXTRA_ARGS='-name ${name}'
`
