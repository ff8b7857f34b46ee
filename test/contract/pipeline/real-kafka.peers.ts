import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { crawl } from '../../../lib/crawler.ts'
import { produce } from '../../../lib/producer.ts'
import { query } from '../../../lib/query.ts'
import { sink } from '../../../lib/sink/sink.ts'
import { createTopic } from '../../../lib/topic.ts'
import { homeForTests, type OpenLab } from '../../helpers/lab.ts'
import { skipUnless } from '../../helpers/peers.ts'
import { someQuotes } from '../../helpers/quotes.ts'
import { haveRealKafka, startRealKafka, type RealKafka } from '../../helpers/real-kafka.ts'
import { chainSuite } from './chain-suite.ts'
import { kafkaSuite } from './kafka-suite.ts'
import { sinkSuite } from './sink-suite.ts'

const reason = skipUnless(haveRealKafka(), 'real Kafka needs Java 17 and Maven')

describe.skipIf(reason)('on real Kafka 3.9.2', () => {
  let kafka: RealKafka
  let open: OpenLab
  beforeAll(async () => {
    kafka = await startRealKafka()
    const home = await homeForTests()
    open = overrides =>
      home.open({ kafka: { kind: 'cluster', brokers: [`${kafka.host}:${kafka.port}`], tls: false }, ...overrides })
  })
  afterAll(() => kafka?.close())

  kafkaSuite(overrides => open(overrides))
  sinkSuite(overrides => open(overrides))
  chainSuite(overrides => open(overrides))

  it('goes the whole path', async () => {
    const lab = open()
    await createTopic(lab, lab.config.topic)
    await produce(lab, someQuotes(1000))
    await sink(lab)
    await crawl(lab)
    const { rows } = await query(lab, 'SELECT count(*) AS total, count(DISTINCT open) AS different FROM quotes')
    expect(rows).toEqual([{ total: 1000, different: 1000 }])
  })
})
