import { codeOf, errors, KafkaError } from '../errors.ts'
import type { GroupStore } from '../groups/store.ts'
import { InternalLog } from '../internal-log.ts'
import type { Maintenance } from '../maintenance.ts'
import type { Properties } from '../properties.ts'
import { buildMarker } from '../records/control.ts'
import type { Topics } from '../topics/store.ts'
import { offsetsTopic, transactionsTopic } from '../topics/topic.ts'
import { parseTransaction, transactionRecord, type Transaction, type TransactionState } from './messages.ts'
import type { ProducerIds } from './producer-ids.ts'

const maxEpoch = 0x7fff - 1

export interface TransactionCoordinatorOptions {
  topics: Topics
  maintenance: Maintenance
  groups: GroupStore
  producerIds: ProducerIds
  properties: Properties
  log: (line: string) => void
}

/** Transactions: the rules of Kafka's TransactionCoordinator, with the markers written at once, because all partitions are here. */
export class TransactionCoordinator {
  readonly #transactions = new Map<string, Transaction>()
  readonly #log: InternalLog
  readonly #options: TransactionCoordinatorOptions

  constructor(options: TransactionCoordinatorOptions) {
    this.#options = options
    this.#log = new InternalLog(transactionsTopic, options.topics, options.maintenance)
    this.#log.replay({
      record: (key, value) => {
        const message = parseTransaction(key, value)
        if (message?.transaction) this.#transactions.set(message.id, message.transaction)
        else if (message) this.#transactions.delete(message.id)
      },
      marker: () => {},
    })
    for (const transaction of this.#transactions.values()) {
      if (transaction.state === 'PrepareCommit' || transaction.state === 'PrepareAbort') this.#finish(transaction)
    }
  }

  ensureTopic(): void {
    this.#log.ensure()
  }

  list(): Transaction[] {
    return [...this.#transactions.values()]
  }

  #save(transaction: Transaction, state: TransactionState, now = Date.now()): void {
    transaction.state = state
    transaction.lastUpdateTimestamp = now
    this.#log.append([transactionRecord(transaction)])
    void this.#log.compact(() => this.list().map(each => transactionRecord(each)))
  }

  /** A producer begins with a transactional id: it gets an epoch above all earlier ones; what they left open is aborted. */
  init(transactionalId: string, timeoutMs: number): { producerId: number; producerEpoch: number } {
    const { producerIds, properties } = this.#options
    if (transactionalId === '') throw new KafkaError('INVALID_REQUEST', 'the transactional id is empty')
    if (timeoutMs <= 0 || timeoutMs > properties.number('transaction.max.timeout.ms')) {
      throw new KafkaError(
        'INVALID_TRANSACTION_TIMEOUT',
        `transaction timeout ${timeoutMs} ms is not in 1 to transaction.max.timeout.ms`,
      )
    }
    let transaction = this.#transactions.get(transactionalId)
    if (transaction?.state === 'Ongoing') {
      transaction.producerEpoch++
      this.#end(transaction, false)
    }
    if (!transaction || transaction.producerEpoch >= maxEpoch) {
      const partitions = new Map<string, Set<number>>()
      transaction = {
        transactionalId,
        producerId: producerIds.next(),
        producerEpoch: -1,
        timeoutMs,
        state: 'Empty',
        partitions,
        lastUpdateTimestamp: 0,
        startTimestamp: -1,
      }
      this.#transactions.set(transactionalId, transaction)
    }
    transaction.producerEpoch++
    transaction.timeoutMs = timeoutMs
    transaction.startTimestamp = -1
    this.#save(transaction, 'Empty')
    return { producerId: transaction.producerId, producerEpoch: transaction.producerEpoch }
  }

  #known(transactionalId: string, producerId: number, producerEpoch: number): Transaction {
    if (transactionalId === '') throw new KafkaError('INVALID_REQUEST', 'the transactional id is empty')
    const transaction = this.#transactions.get(transactionalId)
    if (!transaction || transaction.producerId !== producerId) {
      throw new KafkaError('INVALID_PRODUCER_ID_MAPPING', `producer ${producerId} is not that of ${transactionalId}`)
    }
    if (transaction.producerEpoch !== producerEpoch) {
      throw new KafkaError(
        'PRODUCER_FENCED',
        `${transactionalId} has epoch ${transaction.producerEpoch}, the request ${producerEpoch}`,
      )
    }
    return transaction
  }

  /** Takes partitions into the open transaction; the first ones open it. */
  addPartitions(
    transactionalId: string,
    producerId: number,
    producerEpoch: number,
    partitions: [topic: string, partition: number][],
  ): void {
    const transaction = this.#known(transactionalId, producerId, producerEpoch)
    const missing = partitions.filter(([topic, partition]) => !transaction.partitions.get(topic)?.has(partition))
    if (transaction.state === 'Ongoing' && missing.length === 0) return
    const now = Date.now()
    if (transaction.state !== 'Ongoing') {
      transaction.partitions.clear()
      transaction.startTimestamp = now
    }
    for (const [topic, partition] of missing) {
      const of = transaction.partitions.get(topic) ?? new Set()
      transaction.partitions.set(topic, of.add(partition))
    }
    this.#save(transaction, 'Ongoing', now)
  }

  /** The group's offsets become part of the transaction. */
  addOffsets(transactionalId: string, producerId: number, producerEpoch: number): void {
    this.#options.groups.ensureTopic()
    this.addPartitions(transactionalId, producerId, producerEpoch, [[offsetsTopic, 0]])
  }

  /** Throws unless the partition is in the producer's open transaction. */
  verifyPartition(transactionalId: string, producerId: number, producerEpoch: number, topic: string, partition: number): void {
    const transaction = this.#transactions.get(transactionalId)
    if (!transaction || transaction.producerId !== producerId) {
      throw new KafkaError('INVALID_PRODUCER_ID_MAPPING', `producer ${producerId} is not that of ${transactionalId}`)
    }
    if (transaction.producerEpoch !== producerEpoch)
      throw new KafkaError('INVALID_PRODUCER_EPOCH', 'Producer attempted to produce with an old epoch.')
    if (transaction.state !== 'Ongoing' || !transaction.partitions.get(topic)?.has(partition)) {
      throw new KafkaError('INVALID_TXN_STATE', `${topic}-${partition} was not added to the transaction`)
    }
  }

  /** The error for offsets committed in a transaction, or NONE: the group's offsets must have been added to it. */
  offsetsError(transactionalId: string, producerId: number, producerEpoch: number): number {
    try {
      this.verifyPartition(transactionalId, producerId, producerEpoch, offsetsTopic, 0)
      return errors.NONE
    } catch (error) {
      return codeOf(error)
    }
  }

  /** Commits or aborts; a repeated request is answered as the first was. */
  end(transactionalId: string, producerId: number, producerEpoch: number, commit: boolean): void {
    const transaction = this.#known(transactionalId, producerId, producerEpoch)
    if (transaction.state === (commit ? 'CompleteCommit' : 'CompleteAbort')) return
    if (transaction.state !== 'Ongoing') throw new KafkaError('INVALID_TXN_STATE', `${transactionalId} is ${transaction.state}`)
    this.#end(transaction, commit)
  }

  #end(transaction: Transaction, commit: boolean): void {
    this.#save(transaction, commit ? 'PrepareCommit' : 'PrepareAbort')
    this.#finish(transaction)
  }

  /** Writes a marker into each partition of the transaction. */
  #finish(transaction: Transaction): void {
    const { topics, groups, maintenance, log } = this.#options
    const commit = transaction.state === 'PrepareCommit'
    const { producerId, producerEpoch } = transaction
    for (const [topic, partitions] of transaction.partitions) {
      for (const partition of partitions) {
        if (topic === offsetsTopic) {
          groups.endTransaction(producerId, producerEpoch, commit)
          continue
        }
        const partitionLog = topics.partition(topic, partition)
        if (!partitionLog) continue
        try {
          partitionLog.append(buildMarker(producerId, producerEpoch, commit, Date.now()), { marker: commit })
          void maintenance.appended(partitionLog)
        } catch (error) {
          log(
            `${topic}-${partition}: the end of ${transaction.transactionalId} could not be written: ${(error as Error).message}`,
          )
        }
      }
    }
    transaction.partitions.clear()
    this.#save(transaction, commit ? 'CompleteCommit' : 'CompleteAbort')
  }

  /** Aborts transactions that are open longer than their timeout, and fences their producers; forgets ids unused for `transactional.id.expiration.ms`. */
  expire(now: number): void {
    const expirationMs = this.#options.properties.number('transactional.id.expiration.ms')
    for (const transaction of [...this.#transactions.values()]) {
      if (transaction.state === 'Ongoing') {
        if (now - transaction.startTimestamp <= transaction.timeoutMs) continue
        transaction.producerEpoch++
        this.#end(transaction, false)
        this.#options.log(`transaction of ${transaction.transactionalId} aborted: open for more than ${transaction.timeoutMs} ms`)
      } else if (now - transaction.lastUpdateTimestamp > expirationMs) {
        this.#transactions.delete(transaction.transactionalId)
        this.#log.append([transactionRecord(transaction, { gone: true })])
      }
    }
  }
}
