import { expect, it } from 'vitest'
import { brokerProperties, encodeProperties } from '../../../provisioning/kafka/properties.ts'

/** What `java.util.Properties.load` makes of a text: its rules for escapes, separators and comments. */
function decodeProperties(text: string): Record<string, string> {
  const found: Record<string, string> = {}
  for (const line of text.split('\n')) {
    if (/^\s*([#!]|$)/.test(line)) continue
    const match = /^\s*((?:\\.|[^\\:= \t])*)[ \t]*[:=]?[ \t]*(.*)$/s.exec(line)
    if (match) found[unescape(match[1] as string)] = unescape(match[2] as string)
  }
  return found
}

const unescape = (text: string): string =>
  text.replace(/\\(u([0-9a-fA-F]{4})|.)/gs, (_, whole: string, hex?: string) =>
    hex
      ? String.fromCharCode(Number.parseInt(hex, 16))
      : (({ t: '\t', n: '\n', r: '\r', f: '\f' } as Record<string, string>)[whole] ?? whole),
  )

it('keeps values that look like syntax', () => {
  const values = {
    'log.dirs': '/home/é ü/lab dir/\\odd',
    password: ' leading blank, a=b:c # not a comment ! and "quotes"',
    lines: 'two\nlines\r\tand a tab',
    'listener.name.a:b c=d': 'key with separators',
    '#key': '#value',
    emoji: '😀',
    empty: '',
  }
  expect(decodeProperties(encodeProperties(values))).toEqual(values)
})

it('writes one line for each setting, in order', () => {
  expect(encodeProperties({ b: 1, a: 'x' })).toBe('b=1\na=x\n')
})

it('asks for as many replicas as there are brokers, three at most', () => {
  const factor = (brokers: number): unknown[] => {
    const settings = brokerProperties({ dataDir: '/data', brokers })
    return [settings['default.replication.factor'], settings['min.insync.replicas'], settings['offsets.topic.replication.factor']]
  }
  expect(factor(1)).toEqual([1, 1, 1])
  expect(factor(3)).toEqual([3, 2, 3])
  expect(factor(5)).toEqual([3, 2, 3])
})

it('makes settings that fit a 256 MiB heap', () => {
  const settings = brokerProperties({ dataDir: '/data', brokers: 1 })
  expect(settings['log.cleaner.dedupe.buffer.size']).toBeLessThanOrEqual(32 * 1048576)
  expect(settings['auto.create.topics.enable']).toBe('false')
})
