/** Settings of a Java properties file, in the order in which they are written. */
export type Properties = Record<string, string | number>

/**
 * Writes a Java properties file: everything that `Properties.load` would take as syntax is escaped, so that a path with blanks
 * or a password with backslashes arrives as it is (java.util.Properties, "load").
 */
export function encodeProperties(properties: Properties): string {
  return Object.entries(properties)
    .map(([key, value]) => `${escape(key).replace(/[:= ]/g, c => `\\${c}`)}=${escape(String(value))}\n`)
    .join('')
}

const named: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r', '\f': '\\f' }

function escape(text: string): string {
  return text
    .replace(/[\\\t\n\r\f]/g, c => named[c] as string)
    .replace(/^[ #!]/, c => `\\${c}`)
    .replace(/[^\x20-\x7e]/g, c => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** log4j 1 (reload4j) to standard output only: the log file or journald that catches it bounds it. */
export const log4j = encodeProperties({
  'log4j.rootLogger': 'INFO, stdout',
  'log4j.appender.stdout': 'org.apache.log4j.ConsoleAppender',
  'log4j.appender.stdout.layout': 'org.apache.log4j.PatternLayout',
  'log4j.appender.stdout.layout.ConversionPattern': '[%d] %p %m (%c)%n',
  'log4j.logger.org.apache.zookeeper': 'WARN',
  'log4j.logger.kafka.request.logger': 'WARN',
  'log4j.logger.state.change.logger': 'WARN',
})

/** What a ZooKeeper for one lab needs: loopback only, no admin server, old snapshots purged. */
export function zookeeperProperties({ dataDir, port = 2181, tickTimeMs = 1000 }: ZooKeeperPlace): Properties {
  return {
    dataDir,
    clientPort: port,
    clientPortAddress: '127.0.0.1',
    tickTime: tickTimeMs,
    maxClientCnxns: 0,
    'admin.enableServer': 'false',
    '4lw.commands.whitelist': 'ruok,srvr,mntr',
    'autopurge.snapRetainCount': 3,
    'autopurge.purgeInterval': 24,
  }
}

export interface ZooKeeperPlace {
  dataDir: string
  port?: number
  /** ZooKeeper's clock in ms: sessions end at a multiple of it, and none may be shorter than two. */
  tickTimeMs?: number
}

/**
 * Settings every broker of the lab shares, with or without ZooKeeper. The default cleaner buffer (128 MiB, taken from the heap at
 * the start) does not fit a 256 MiB heap; fewer threads and one partition for each internal topic keep the rest small.
 */
export function brokerProperties({ dataDir, brokers }: { dataDir: string; brokers: number }): Properties {
  const factor = Math.min(3, brokers)
  const minIsr = factor === 3 ? 2 : 1
  return {
    'log.dirs': dataDir,
    'log.cleaner.dedupe.buffer.size': 16777216,
    'num.network.threads': 2,
    'num.io.threads': 2,
    'offsets.topic.num.partitions': 1,
    'offsets.topic.replication.factor': factor,
    'transaction.state.log.num.partitions': 1,
    'transaction.state.log.replication.factor': factor,
    'transaction.state.log.min.isr': minIsr,
    'default.replication.factor': factor,
    'min.insync.replicas': minIsr,
    'group.initial.rebalance.delay.ms': 0,
    'auto.create.topics.enable': 'false',
    'controlled.shutdown.max.retries': 1,
    'controlled.shutdown.retry.backoff.ms': 500,
  }
}

/** How a broker finds its ZooKeeper. A short session lets a killed broker come back in 10 s instead of 24. */
export const zookeeperClient = (port = 2181, sessionMs = 5000): Properties => ({
  'zookeeper.connect': `127.0.0.1:${port}`,
  'zookeeper.connection.timeout.ms': 18000,
  'zookeeper.session.timeout.ms': sessionMs,
})
