import { describe, expect, it } from 'vitest'
import { apiVersions } from '../../../lib/local/broker/apis/18-api-versions.ts'
import { metadata } from '../../../lib/local/broker/apis/03-metadata.ts'
import { apis } from '../../../lib/local/broker/apis/index.ts'
import { errors } from '../../../lib/local/broker/errors.ts'
import { newTopic } from './steps.ts'
import { unique, type Target } from './target.ts'
import { encodeRequest, frame, type Wire } from './wire.ts'

/** Framing, versions, what is not served, Metadata. */
export function protocolCases(target: Target, open: () => Promise<Wire>): void {
  describe('protocol', () => {
    it.each([0, 1, 2])('ApiVersions v%i names every key with version 0 as the least', async version => {
      const wire = await open()
      const { errorCode, apiKeys } = await wire.call(apiVersions, version, {})
      expect(errorCode).toBe(errors.NONE)
      for (const { key, versions } of apis) {
        const row = apiKeys.find(api => api.key === key)
        expect(row?.first, `key ${key}`).toBe(0)
        expect(row?.last, `key ${key}`).toBeGreaterThanOrEqual(versions[1])
      }
    })

    it('ApiVersions above what is served: UNSUPPORTED_VERSION in the layout of v0, with one row', async () => {
      const wire = await open()
      // header v2: client id, then no tagged fields; two compact strings and no tagged fields
      wire.send(frame('0012', '0063', '00000007', '0001', '63', '00', '02', '61', '02', '62', '00'))
      const answer = (await wire.receive()) as Buffer
      expect(answer.readInt32BE(0)).toBe(7)
      expect(answer.readInt16BE(4)).toBe(errors.UNSUPPORTED_VERSION)
      expect(answer.readInt32BE(6)).toBe(1)
      expect(answer.readInt16BE(10)).toBe(18)
      expect(answer.readInt16BE(12)).toBe(0)
      expect(answer.length).toBe(16)
    })

    it.each([
      ['an unknown key', frame('03e7', '0000', '00000001', 'ffff')],
      ['a negative key', frame('ffff', '0000', '00000001', 'ffff')],
      ['a version that nobody has', frame('0003', '0063', '00000001', 'ffff', 'ffffffff')],
      ['a negative version', frame('0003', 'ffff', '00000001', 'ffff', 'ffffffff')],
      ['a KRaft key', frame('0037', '0000', '00000001', 'ffff', '00')],
      ['a size above 100 MiB', Buffer.from('06400001', 'hex')],
      ['a negative size', Buffer.from('ffffffff', 'hex')],
      ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
      ['an empty frame', frame()],
      ['a header that is cut', frame('0003')],
      ['a body that is cut', frame('0003', '0001', '00000001', 'ffff', '0000')],
      ['an array of two thousand million', frame('0003', '0001', '00000001', 'ffff', '7fffffff')],
      ['a string longer than the frame', frame('0003', '0001', '00000001', 'ffff', '00000001', '7fff', '61')],
      ['a null string in the list of topics', frame('0003', '0001', '00000001', 'ffff', '00000001', 'ffff')],
    ])('%s closes the connection', async (_, bytes) => {
      const wire = await open()
      wire.send(bytes)
      expect(await wire.receive()).toBe('closed')
    })

    it('a broken connection leaves others alone', async () => {
      const [bad, good] = [await open(), await open()]
      bad.send(frame('ffff'))
      expect(await bad.receive()).toBe('closed')
      expect((await good.call(metadata, 1, { topics: [] })).brokers).toHaveLength(1)
    })

    it('requests sent at once are answered in their order', async () => {
      const wire = await open()
      const requests = Array.from({ length: 20 }, (_, i) => encodeRequest(i % 2 ? metadata : apiVersions, 0, { topics: [] }, i))
      wire.send(Buffer.concat(requests))
      for (let i = 0; i < requests.length; i++) expect(((await wire.receive()) as Buffer).readInt32BE(0)).toBe(i)
    })

    it('a frame that comes byte by byte is read', async () => {
      const wire = await open()
      for (const byte of encodeRequest(metadata, 1, { topics: [] }, 5)) wire.send(Buffer.from([byte]))
      expect(((await wire.receive()) as Buffer).readInt32BE(0)).toBe(5)
    })

    it('bytes after the body are ignored', async () => {
      const wire = await open()
      wire.send(frame(encodeRequest(metadata, 1, { topics: [] }, 9).subarray(4), '0102'))
      expect(((await wire.receive()) as Buffer).readInt32BE(0)).toBe(9)
    })

    it.each([0, 1, 2, 3, 4, 5, 6, 7, 8])(
      'Metadata v%i describes a topic on one node that is also the controller',
      async version => {
        const wire = await open()
        const topic = await newTopic(wire, { partitions: 2 })
        const answer = await wire.call(metadata, version, { topics: [topic], allowAutoTopicCreation: false })
        expect(answer.brokers).toEqual([{ nodeId: 0, host: target.host, port: target.port, rack: null }])
        if (version >= 1) expect(answer.controllerId).toBe(0)
        if (version >= 2) expect(answer.clusterId).toMatch(/^[\w-]{22}$/)
        expect(answer.topics).toHaveLength(1)
        const [described] = answer.topics
        expect(described).toMatchObject({ errorCode: errors.NONE, name: topic, isInternal: false })
        const partitions = described!.partitions.sort((a, b) => a.index - b.index)
        expect(partitions).toEqual(
          [0, 1].map(index => ({
            errorCode: errors.NONE,
            index,
            leaderId: 0,
            leaderEpoch: version >= 7 ? 0 : -1,
            replicas: [0],
            isr: [0],
            offlineReplicas: [],
          })),
        )
        if (version >= 8) expect(answer.clusterAuthorizedOperations).toBe(-0x8000_0000)
      },
    )

    it('Metadata v0 with an empty list means all topics, v1 means none, null means all', async () => {
      const wire = await open()
      const topic = await newTopic(wire)
      const names = async (version: number, topics: string[] | null): Promise<string[]> =>
        (await wire.call(metadata, version, { topics, allowAutoTopicCreation: false })).topics.map(({ name }) => name)
      expect(await names(0, [])).toContain(topic)
      expect(await names(1, [])).toEqual([])
      expect(await names(1, null)).toContain(topic)
      expect(await names(8, null)).toContain(topic)
    })

    it.each([
      ['unknown', unique('nobody'), errors.UNKNOWN_TOPIC_OR_PARTITION],
      ['with a bad character', 'a b', errors.INVALID_TOPIC_EXCEPTION],
      ['empty', '', errors.INVALID_TOPIC_EXCEPTION],
      ['too long', 'x'.repeat(250), errors.INVALID_TOPIC_EXCEPTION],
      ['two dots', '..', errors.INVALID_TOPIC_EXCEPTION],
    ])('Metadata of a topic whose name is %s', async (_, name, errorCode) => {
      const wire = await open()
      const { topics } = await wire.call(metadata, 8, { topics: [name], allowAutoTopicCreation: true })
      expect(topics).toMatchObject([{ name, errorCode, partitions: [] }])
    })
  })
}
