import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe } from 'vitest'
import { startBroker, type Broker } from '../../../lib/local/broker/server.ts'
import { contractProperties, kafkaContract } from './suite.ts'
import type { Target } from './target.ts'

describe('the embedded broker', () => {
  const target: Target = { host: '', port: 0, real: false }
  const dir = mkdtempSync(join(tmpdir(), 'broker-'))
  let broker: Broker
  beforeAll(async () => {
    const properties = { ...contractProperties, 'transaction.abort.timed.out.transaction.cleanup.interval.ms': '500' }
    broker = await startBroker({ dir, properties })
    Object.assign(target, { host: broker.host, port: broker.port })
  })
  afterAll(async () => {
    await broker.close()
    rmSync(dir, { recursive: true, force: true })
  })
  kafkaContract(target)
})
