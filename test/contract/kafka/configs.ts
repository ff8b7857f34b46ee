import { describe, expect, it } from 'vitest'
import { describeConfigs } from '../../../lib/local/broker/apis/32-describe-configs.ts'
import { alterConfigs } from '../../../lib/local/broker/apis/33-alter-configs.ts'
import { incrementalAlterConfigs } from '../../../lib/local/broker/apis/44-incremental-alter-configs.ts'
import { errors } from '../../../lib/local/broker/errors.ts'
import { topicConfigs } from '../../../lib/local/broker/topics/configs.ts'
import { batch } from './batches.ts'
import { newTopic, send, until } from './steps.ts'
import { differs, unique, type Target } from './target.ts'
import type { Wire } from './wire.ts'

const topicType = 2
const brokerType = 4

/** DescribeConfigs, AlterConfigs, IncrementalAlterConfigs. */
export function configCases(target: Target, open: () => Promise<Wire>): void {
  const describeResource = async (
    wire: Wire,
    resourceType: number,
    resourceName: string,
    keys: string[] | null = null,
    version = 3,
  ) => {
    const resources = [{ resourceType, resourceName, configurationKeys: keys }]
    const { results } = await wire.call(describeConfigs, version, {
      resources,
      includeSynonyms: true,
      includeDocumentation: false,
    })
    return results[0]!
  }
  const valueOf = async (wire: Wire, topic: string, name: string) => {
    const { configs } = await describeResource(wire, topicType, topic, [name])
    return configs[0]!
  }
  const change = async (
    wire: Wire,
    resourceName: string,
    name: string,
    operation: number,
    value: string | null,
    resourceType = topicType,
  ) => {
    const resources = [{ resourceType, resourceName, configs: [{ name, operation, value }] }]
    return (await wire.call(incrementalAlterConfigs, 0, { resources, validateOnly: false })).responses[0]!
  }

  describe('configs', () => {
    it.each([0, 1, 2, 3])('DescribeConfigs v%i of a topic: names, values, where from', async version => {
      const wire = await open()
      const topic = await newTopic(wire, { configs: { 'retention.ms': '1234567' } })
      const { errorCode, configs } = await describeResource(wire, topicType, topic, null, version)
      expect(errorCode).toBe(errors.NONE)
      const byName = new Map(configs.map(config => [config.name, config]))
      const own = byName.get('retention.ms')!
      expect(own).toMatchObject({ value: '1234567', readOnly: false, isSensitive: false })
      const inherited = byName.get('segment.bytes')!
      expect(inherited.value).toBe('1073741824')
      if (version === 0) expect([own.isDefault, inherited.isDefault]).toEqual([false, false])
      else expect([own.configSource, inherited.configSource]).toEqual([1, 5])
      if (version >= 1) {
        expect(own.synonyms).toContainEqual({ name: 'retention.ms', value: '1234567', source: 1 })
        expect(inherited.synonyms).toEqual([{ name: 'log.segment.bytes', value: '1073741824', source: 5 }])
      }
      if (version >= 3) expect([own.configType, inherited.configType]).toEqual([5, 3])
    })

    it('every topic config that is known has the default of Kafka', async () => {
      const wire = await open()
      const { configs } = await describeResource(wire, topicType, await newTopic(wire))
      const values = Object.fromEntries(configs.map(({ name, value }) => [name, value]))
      const types = Object.fromEntries(configs.map(({ name, configType }) => [name, configType]))
      for (const { name, default: value } of topicConfigs) {
        const why = 'the embedded broker never converts to older formats'
        const expected =
          name === 'message.downconversion.enable' ? differs(target, { embedded: 'false', real: 'true', why }) : value
        expect(values[name], name).toBe(expected)
      }
      expect(types).toMatchObject({ 'cleanup.policy': 7, 'min.cleanable.dirty.ratio': 6, preallocate: 1, 'compression.type': 2 })
    })

    it('DescribeConfigs of single keys', async () => {
      const wire = await open()
      const { configs } = await describeResource(wire, topicType, await newTopic(wire), ['retention.bytes', 'no.such'])
      expect(configs.map(({ name, value }) => [name, value])).toEqual([['retention.bytes', '-1']])
    })

    it.each([
      ['an unknown topic', topicType, unique('none'), errors.UNKNOWN_TOPIC_OR_PARTITION],
      ['a bad topic name', topicType, 'a b', errors.INVALID_TOPIC_EXCEPTION],
      ['another broker', brokerType, '17', errors.INVALID_REQUEST],
      ['a broker that is no number', brokerType, 'one', errors.INVALID_REQUEST],
      ['an unknown type', 99, 'x', errors.INVALID_REQUEST],
    ])('DescribeConfigs of %s', async (_, type, name, errorCode) => {
      const wire = await open()
      expect(await describeResource(wire, type, name)).toMatchObject({ errorCode, configs: [] })
    })

    it('DescribeConfigs of the broker', async () => {
      const wire = await open()
      const { errorCode, configs } = await describeResource(wire, brokerType, '0')
      expect(errorCode).toBe(errors.NONE)
      const values = Object.fromEntries(configs.map(({ name, value }) => [name, value]))
      expect(values).toMatchObject({
        'num.partitions': '3',
        'auto.create.topics.enable': 'false',
        'group.initial.rebalance.delay.ms': '0',
      })
    })

    it('IncrementalAlterConfigs sets, acts, and deletes', async () => {
      const wire = await open()
      const topic = await newTopic(wire)
      expect((await change(wire, topic, 'max.message.bytes', 0, '100')).errorCode).toBe(errors.NONE)
      await until(async () => (await valueOf(wire, topic, 'max.message.bytes')).value === '100')
      await until(
        async () =>
          (await send(wire, topic, batch({ records: [{ value: 'x'.repeat(100) }] }))).errorCode === errors.MESSAGE_TOO_LARGE,
      )
      expect((await change(wire, topic, 'max.message.bytes', 1, null)).errorCode).toBe(errors.NONE)
      await until(async () => (await valueOf(wire, topic, 'max.message.bytes')).configSource === 5)
    })

    it.each<[string, string, number, string | null, number]>([
      ['an unknown config', 'no.such.config', 0, '1', errors.INVALID_CONFIG],
      ['a bad value', 'retention.ms', 0, 'soon', errors.INVALID_CONFIG],
      ['a null value', 'retention.ms', 0, null, errors.INVALID_REQUEST],
      ['append to what is no list', 'retention.ms', 2, '1', errors.INVALID_CONFIG],
      ['subtract from what is no list', 'retention.ms', 3, '1', errors.INVALID_CONFIG],
      ['a value out of range', 'min.cleanable.dirty.ratio', 0, '1.5', errors.INVALID_CONFIG],
    ])('IncrementalAlterConfigs with %s is refused', async (_, name, operation, value, errorCode) => {
      const wire = await open()
      const topic = await newTopic(wire)
      const answer = await change(wire, topic, name, operation, value)
      expect(answer.errorCode, String(answer.errorMessage)).toBe(errorCode)
    })

    it('IncrementalAlterConfigs of an unknown topic: UNKNOWN_TOPIC_OR_PARTITION', async () => {
      const wire = await open()
      expect((await change(wire, unique('none'), 'retention.ms', 0, '1')).errorCode).toBe(errors.UNKNOWN_TOPIC_OR_PARTITION)
    })

    it('IncrementalAlterConfigs with one key twice: INVALID_REQUEST', async () => {
      const wire = await open()
      const topic = await newTopic(wire)
      const configs = ['1', '2'].map(value => ({ name: 'retention.ms', operation: 0, value }))
      const resources = [{ resourceType: topicType, resourceName: topic, configs }]
      const { responses } = await wire.call(incrementalAlterConfigs, 0, { resources, validateOnly: false })
      expect(responses[0]!.errorCode).toBe(errors.INVALID_REQUEST)
    })

    it('AlterConfigs replaces all that the topic had', async () => {
      const wire = await open()
      const topic = await newTopic(wire, { configs: { 'retention.ms': '1234567' } })
      const resources = [{ resourceType: topicType, resourceName: topic, configs: [{ name: 'segment.bytes', value: '123456' }] }]
      expect((await wire.call(alterConfigs, 1, { resources, validateOnly: false })).responses[0]!.errorCode).toBe(errors.NONE)
      await until(async () => (await valueOf(wire, topic, 'segment.bytes')).value === '123456')
      await until(async () => (await valueOf(wire, topic, 'retention.ms')).configSource === 5)
    })

    it('AlterConfigs with validateOnly changes nothing', async () => {
      const wire = await open()
      const topic = await newTopic(wire)
      const resources = [{ resourceType: topicType, resourceName: topic, configs: [{ name: 'retention.ms', value: '5' }] }]
      expect((await wire.call(alterConfigs, 1, { resources, validateOnly: true })).responses[0]!.errorCode).toBe(errors.NONE)
      expect((await valueOf(wire, topic, 'retention.ms')).value).toBe('604800000')
    })
  })
}
