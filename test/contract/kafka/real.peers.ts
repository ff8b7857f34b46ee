import { afterAll, beforeAll, describe } from 'vitest'
import { skipUnless } from '../../helpers/peers.ts'
import { haveRealKafka, startRealKafka, type RealKafka } from '../../helpers/real-kafka.ts'
import { contractProperties, kafkaContract } from './suite.ts'
import type { Target } from './target.ts'

const skipped = skipUnless(haveRealKafka(), 'a real Kafka needs Java and Maven')

describe.skipIf(skipped)('a real Kafka 3.9.2', () => {
  const target: Target = { host: '', port: 0, real: true }
  let kafka: RealKafka
  beforeAll(async () => {
    kafka = await startRealKafka({ properties: contractProperties })
    Object.assign(target, { host: kafka.host, port: kafka.port })
  })
  afterAll(() => kafka?.close())
  kafkaContract(target)
})
