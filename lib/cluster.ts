import { createRequire } from 'node:module'
import type { Kafka } from 'kafkajs'
import { kafkaError } from './kafka.ts'

/** kafkajs' own view of a cluster: what its producers, consumers and admins are made of, and can more than they let through. */
export interface Cluster {
  connect(): Promise<void>
  disconnect(): Promise<void>
  addTargetTopic(topic: string): Promise<void>
  refreshMetadata(): Promise<void>
  /** Partitions by the id of the broker that leads them. */
  findLeaderForPartitions(topic: string, partitions: number[]): Record<string, number[]>
  findBroker(place: { nodeId: string }): Promise<ClusterBroker>
  findGroupCoordinator(group: { groupId: string }): Promise<ClusterBroker>
}

/** One broker of it, connected. */
export interface ClusterBroker {
  fetch(request: object): Promise<{ responses: { partitions: FetchedPartition[] }[] }>
  offsetCommit(request: object): Promise<unknown>
  connectionPool: { send(call: { request: object; response: object }): Promise<unknown> }
}

export interface FetchedPartition {
  partition: number
  highWatermark: string
  lastStableOffset?: string
  messages: FetchedMessage[]
  abortedTransactions?: { producerId: string; firstOffset: string }[]
}

export interface FetchedMessage {
  offset: string
  timestamp: string
  key: Buffer | null
  value: Buffer | null
  headers?: Record<string, Buffer | string | (Buffer | string)[] | undefined>
  isControlRecord?: boolean
  batchContext: { producerId: string; inTransaction: boolean }
}

/** Makes a cluster of the client's settings (addresses, TLS, login); connect it, and disconnect it again. */
export function clusterOf(kafka: Kafka): Cluster {
  const key = Object.getOwnPropertySymbols(kafka).find(({ description }) => description === 'private:Kafka:createCluster')
  const make = (kafka as unknown as Record<symbol, (options: object) => Cluster>)[key!]!
  return make({ metadataMaxAge: 300_000, allowAutoTopicCreation: false, isolationLevel: 1 })
}

/** Runs `work` with the broker that coordinates a group. Errors become `LabError`s about the group. */
export async function withCoordinator<T>(kafka: Kafka, group: string, work: (broker: ClusterBroker) => Promise<T>): Promise<T> {
  const cluster = clusterOf(kafka)
  try {
    await cluster.connect()
    return await work(await cluster.findGroupCoordinator({ groupId: group }))
  } catch (error) {
    throw kafkaError(`group ${group}`, error)
  } finally {
    await cluster.disconnect().catch(() => undefined)
  }
}

/** OffsetDelete (47), version 0, which kafkajs has not and Kafka has since 2.4; answers Kafka's error code.
 *
 *     request  => groupId, topics [name, partitions [index i32]]
 *     response => errorCode i16, throttleTimeMs i32, topics [name, partitions [index i32, errorCode i16]] */
export async function deleteOffsets(broker: ClusterBroker, group: string, topic: string, partitions: number[]): Promise<number> {
  const require = createRequire(import.meta.url)
  const Encoder = require('kafkajs/src/protocol/encoder') as new () => any
  const Decoder = require('kafkajs/src/protocol/decoder') as new (data: Buffer) => any
  const request = {
    apiKey: 47,
    apiVersion: 0,
    apiName: 'OffsetDelete',
    encode: async () =>
      new Encoder()
        .writeString(group)
        .writeArray([
          new Encoder().writeString(topic).writeArray(partitions.map(partition => new Encoder().writeInt32(partition))),
        ]),
  }
  const decode = async (data: Buffer): Promise<number> => {
    const decoder = new Decoder(data)
    const code: number = decoder.readInt16()
    if (code !== 0) return code
    decoder.readInt32()
    const codes: number[] = decoder
      .readArray((topics: any) => (topics.readString(), topics.readArray((one: any) => (one.readInt32(), one.readInt16()))))
      .flat()
    return codes.find(one => one !== 0) ?? 0
  }
  return (await broker.connectionPool.send({ request, response: { decode, parse: async (code: number) => code } })) as number
}
