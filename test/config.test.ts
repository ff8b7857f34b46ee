import { isAbsolute } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadConfig, projectRoot, tableName } from '../lib/config.ts'

describe('loadConfig', () => {
  it('has a default for everything', () => {
    expect(loadConfig({})).toEqual({
      kafka: { kind: 'embedded' },
      cloud: { kind: 'embedded' },
      dir: `${projectRoot}/.lab`,
      topic: 'stock-quotes',
      group: 'quotes-to-s3',
      bucket: 'tickerlake',
      prefix: 'quotes/',
      table: 'quotes',
      database: 'realtime_de_db',
      crawler: 'quotes-crawler',
      crawlerRole: 'arn:aws:iam::000000000000:role/quotes-crawler',
      workgroup: 'primary',
      results: 's3://tickerlake/results/',
    })
  })

  it('reads a cluster with TLS and SCRAM', () => {
    const { kafka } = loadConfig({
      LAB_KAFKA: 'a:9092, b:9093',
      LAB_KAFKA_CA: 'ca.pem',
      LAB_KAFKA_USER: 'lab',
      LAB_KAFKA_PASSWORD: 'secret',
    })
    expect(kafka).toMatchObject({
      brokers: ['a:9092', 'b:9093'],
      tls: true,
      caFile: `${projectRoot}/ca.pem`,
      mechanism: 'scram-sha-512',
      user: 'lab',
    })
  })

  it('takes an empty variable for none, and paths from the project root', () => {
    expect(loadConfig({ LAB_TOPIC: '', LAB_DIR: 'x/y' })).toMatchObject({ topic: 'stock-quotes', dir: `${projectRoot}/x/y` })
    expect(isAbsolute(loadConfig({ LAB_DIR: '~/lab' }).dir)).toBe(true)
  })

  it('asks for names of its own on AWS', () => {
    expect(() => loadConfig({ LAB_CLOUD: 'aws' })).toThrow(/LAB_BUCKET: expected a value of your own/)
    expect(() => loadConfig({ LAB_CLOUD: 'aws', LAB_BUCKET: 'mine' })).toThrow(/LAB_CRAWLER_ROLE/)
  })

  const wrong: [Record<string, string>, RegExp][] = [
    [{ LAB_KAFKA: 'broker' }, /LAB_KAFKA: expected embedded, or host:port\[,host:port\], got "broker"/],
    [{ LAB_KAFKA: 'h:99999' }, /LAB_KAFKA/],
    [{ LAB_KAFKA: 'h:2181' }, /2181 is ZooKeeper's/],
    [{ LAB_KAFKA: 'h:9092', LAB_KAFKA_TLS: 'maybe' }, /LAB_KAFKA_TLS: expected true or false, got "maybe"/],
    [{ LAB_KAFKA: 'h:9092', LAB_KAFKA_MECHANISM: 'kerberos' }, /LAB_KAFKA_MECHANISM/],
    [{ LAB_KAFKA: 'h:9092', LAB_KAFKA_USER: 'u' }, /LAB_KAFKA_PASSWORD: is missing/],
    [{ LAB_CLOUD: 'gcp' }, /LAB_CLOUD: expected embedded, aws, or the address/],
    [{ LAB_CLOUD: 'aws', AWS_ENDPOINT_URL: 'http://x' }, /would not be AWS/],
    [{ LAB_BUCKET: 'Upper_Case' }, /LAB_BUCKET: expected 3 to 63 of a-z/],
    [{ LAB_PREFIX: 'quotes' }, /LAB_PREFIX: expected folders, each ending in "\/"/],
    [{ LAB_TOPIC: 'a topic' }, /LAB_TOPIC/],
    [{ LAB_TOPIC: '..' }, /LAB_TOPIC/],
    [{ LAB_DATABASE: 'a-b' }, /LAB_DATABASE/],
    [{ LAB_RESULTS: 's3://tickerlake/quotes/results/' }, /LAB_RESULTS: expected a place outside/],
  ]
  it.each(wrong)('refuses %j', (env, message) => {
    expect(() => loadConfig(env)).toThrow(message)
  })

  it('never shows a password', () => {
    const messages = [{ LAB_KAFKA_MECHANISM: 'x' }, { LAB_KAFKA_MECHANISM: 'plain' }].map(env => {
      try {
        return String(loadConfig({ LAB_KAFKA: 'h:9092', LAB_KAFKA_PASSWORD: 'hunter2', ...env }))
      } catch (error) {
        return String(error)
      }
    })
    expect(messages).toHaveLength(2)
    for (const message of messages) expect(message).toMatch(/LAB_KAFKA_(MECHANISM|USER).*expected(?!.*hunter2)/)
  })
})

describe('tableName', () => {
  it("is the prefix's last folder as a crawler writes it", () => {
    expect(tableName('lesson-03/Stock.Quotes/')).toBe('stock_quotes')
  })
})
