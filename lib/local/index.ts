export interface LocalStackOptions {
  /** Where the state lives; made when missing. One running stack for each folder. */
  dir: string
  /** Of the AWS endpoint; default 4566, another free one when that is taken; 0 for a free one. A port given and taken is an error. */
  port?: number
  /** Of the broker; default 9092, same rules. */
  kafkaPort?: number
  /** Broker properties under Kafka's names, such as `{ 'num.partitions': '3' }`; an unknown one is an error. */
  properties?: Record<string, string>
}

/** What `tickerlake up --json` prints. */
export interface HomeInfo {
  brokers: string[]
  endpoint: string
  region: string
  accessKeyId: string
  secretAccessKey: string
  dir: string
  pid: number
}

export interface LocalStack extends HomeInfo {
  /** Empties everything: topics, groups, buckets, catalog, queries. Ports and keys stay. */
  reset(): Promise<void>
  close(): Promise<void>
}
