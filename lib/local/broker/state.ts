import type { Coordinator } from './groups/coordinator.ts'
import type { Maintenance } from './maintenance.ts'
import type { Properties } from './properties.ts'
import type { Topics } from './topics/store.ts'
import type { ProducerIds } from './transactions/producer-ids.ts'
import type { TransactionCoordinator } from './transactions/coordinator.ts'

/** All that the APIs work on. */
export interface BrokerState {
  clusterId: string
  nodeId: number
  /** The address that clients are told. */
  host: string
  port: number
  properties: Properties
  topics: Topics
  maintenance: Maintenance
  groups: Coordinator
  producerIds: ProducerIds
  transactions: TransactionCoordinator
  /** Bytes of requests that have come and are not served yet, over all connections. */
  receiving: { bytes: number }
  log: (line: string) => void
}
