import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import type { AddressInfo } from 'node:net'
import { peersDir, run } from './peers.ts'
import { haveRealKafka, jars } from './real-kafka.ts'

const version = '3.9.2'
const name = `kafka_2.13-${version}`
const dir = join(peersDir, 'kafka-dist')

/** Why no distribution can be built here, or undefined. */
export function kafkaDistProblem(): string | undefined {
  if (existsSync(join(dir, `${name}.tgz`))) return undefined
  return haveRealKafka() ? undefined : 'Kafka is built from Maven Central: needs mvn and java'
}

/**
 * A stand-in for Apache's archive where its servers cannot be reached: the real jars from Maven Central, packed with own short
 * scripts that keep the real ones' contract (environment, default heaps, options). Made once. Its sum is not Apache's.
 */
export function kafkaArchive(): { file: string; sha512: string } {
  const file = join(dir, `${name}.tgz`)
  if (!existsSync(file)) {
    mkdirSync(dir, { recursive: true })
    const work = mkdtempSync(join(dir, 'build-'))
    const top = join(work, name)
    mkdirSync(join(top, 'bin'), { recursive: true })
    mkdirSync(join(top, 'config'))
    mkdirSync(join(top, 'libs'))
    for (const jar of readdirSync(jars()).filter(file => file.endsWith('.jar'))) cpSync(join(jars(), jar), join(top, 'libs', jar))
    for (const [script, text] of Object.entries(scripts)) writeFileSync(join(top, 'bin', script), text, { mode: 0o755 })
    writeFileSync(join(top, 'config', 'tools-log4j.properties'), toolsLog4j)
    const reproducible = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mtime=2026-02-01 00:00:00Z']
    run('tar', ['-C', work, ...reproducible, '-czf', join(work, 'done.tgz'), name])
    renameSync(join(work, 'done.tgz'), file)
    rmSync(work, { recursive: true })
  }
  return { file, sha512: createHash('sha512').update(readFileSync(file)).digest('hex') }
}

/** Serves the archive on loopback and writes a data file that names it; what `--releases` takes. Close it when done. */
export async function localReleases(folder: string): Promise<{ file: string; close(): void }> {
  const archive = kafkaArchive()
  const server = createServer((_, response) => response.end(readFileSync(archive.file)))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { file: writeReleases(folder, [`http://127.0.0.1:${port}/${name}.tgz`], archive.sha512), close: () => server.close() }
}

/** Writes a data file like provisioning/kafka.json with one release. */
export function writeReleases(folder: string, urls: string[], sha512: string): string {
  const file = join(folder, 'releases.json')
  writeFileSync(file, JSON.stringify({ default: version, releases: { [version]: { file: `${name}.tgz`, urls, sha512 } } }))
  return file
}

const runClass = `#!/bin/bash
# kafka-run-class.sh [-name SERVICE] [-loggc] CLASS [ARGS...]
home=$(cd "$(dirname "$0")/.." && pwd)
while [ $# -gt 0 ]; do case $1 in -name) shift 2;; -loggc) shift;; *) break;; esac; done
LOG_DIR=\${LOG_DIR:-$home/logs}
[ -d "$LOG_DIR" ] || mkdir -p "$LOG_DIR"
KAFKA_LOG4J_OPTS=\${KAFKA_LOG4J_OPTS:--Dlog4j.configuration=file:$home/config/tools-log4j.properties}
KAFKA_JVM_PERFORMANCE_OPTS=\${KAFKA_JVM_PERFORMANCE_OPTS:--server -XX:+UseG1GC -XX:MaxGCPauseMillis=20}
exec "\${JAVA_HOME:+$JAVA_HOME/bin/}java" \${KAFKA_HEAP_OPTS:--Xmx256M} $KAFKA_JVM_PERFORMANCE_OPTS $KAFKA_JMX_OPTS -Dkafka.logs.dir="$LOG_DIR" $KAFKA_LOG4J_OPTS -cp "$home/libs/*" $KAFKA_OPTS "$@"
`
const server = (heap: string, service: string, main: string): string => `#!/bin/bash
export KAFKA_HEAP_OPTS=\${KAFKA_HEAP_OPTS:-${heap}}
exec "$(dirname "$0")/kafka-run-class.sh" \${EXTRA_ARGS--name ${service} -loggc} ${main} "$@"
`
const tool = (main: string): string => `#!/bin/bash\nexec "$(dirname "$0")/kafka-run-class.sh" ${main} "$@"\n`

const scripts: Record<string, string> = {
  'kafka-run-class.sh': runClass,
  'kafka-server-start.sh': server('-Xmx1G -Xms1G', 'kafkaServer', 'kafka.Kafka'),
  'zookeeper-server-start.sh': server('-Xmx512M -Xms512M', 'zookeeper', 'org.apache.zookeeper.server.quorum.QuorumPeerMain'),
  'kafka-configs.sh': tool('kafka.admin.ConfigCommand'),
  'kafka-storage.sh': tool('kafka.tools.StorageTool'),
}

const toolsLog4j = `log4j.rootLogger=WARN, stderr
log4j.appender.stderr=org.apache.log4j.ConsoleAppender
log4j.appender.stderr.layout=org.apache.log4j.PatternLayout
log4j.appender.stderr.layout.ConversionPattern=[%d] %p %m (%c)%n
log4j.appender.stderr.Target=System.err
`
