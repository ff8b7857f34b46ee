import { describe, expect, it } from 'vitest'
import { madeAt, stoppedSince } from '../../../provisioning/aws/03-instance.ts'
import { costSince, hostPerHour, priceLines } from '../../../provisioning/aws/prices.ts'
import { age } from '../../../provisioning/aws/status.ts'

describe('prices', () => {
  it('adds instance, address and disk', () => {
    expect(hostPerHour('t3.micro')).toBeCloseTo(0.01628, 5)
    expect(hostPerHour('t3.micro', true)).toBeCloseTo(0.00088, 5)
    expect(hostPerHour('x9.huge')).toBeUndefined()
    expect(priceLines('x9.huge')[0]).toContain('not in the price table')
  })
  it('says whose prices they are in another region', () => {
    expect(priceLines('t3.micro', 'eu-west-1').at(-1)).toMatch(/prices of \S+ in us-east-1, .*; in eu-west-1 they differ/)
    expect(priceLines('t3.micro').at(-1)).not.toContain('differ')
  })
  it('counts only the disk while it was stopped', () => {
    const [now, made] = [Date.parse('2026-11-21T12:00:00Z'), '2026-11-20T12:00:00Z']
    expect(costSince(made, 't3.micro', 24 * 3_600_000, now)).toBeCloseTo(0.02104, 4)
    expect(costSince(made, 't3.micro', 12 * 3_600_000, now)).toBeCloseTo((0.3907 + 0.02104) / 2, 3)
    expect(costSince(made, 't3.micro', 99 * 3_600_000, now)).toBeCloseTo(0.02104, 4)
    expect(costSince(made, 'x9.huge', 0, now)).toBeUndefined()
  })
  it('knows when it was made and stopped, whatever was lost', () => {
    const found = {
      InstanceId: 'i-1',
      InstanceType: 't3.micro',
      ImageId: 'ami-1',
      LaunchTime: '2026-11-21T10:00:00+00:00',
      State: { Name: 'stopped' },
      StateTransitionReason: 'User initiated (2026-11-21 11:00:00 GMT)',
      BlockDeviceMappings: [{ Ebs: { AttachTime: '2026-11-01T10:00:00+00:00' } }],
    }
    expect(madeAt(found)).toBe('2026-11-01T10:00:00+00:00')
    expect(stoppedSince(found, {})).toBe('2026-11-21T11:00:00Z')
    expect(stoppedSince({ ...found, StateTransitionReason: '' }, { stoppedAt: '2026-11-21T09:00:00Z' })).toBe(
      '2026-11-21T09:00:00Z',
    )
    expect(stoppedSince({ ...found, State: { Name: 'running' } }, {})).toBeUndefined()
  })
  it('counts from the beginning', () => {
    const now = Date.parse('2026-11-21T12:00:00Z')
    expect(costSince('2026-11-20T12:00:00Z', 't3.micro', 0, now)).toBeCloseTo(0.3907, 3)
    expect(age('2026-11-21T11:30:00Z', now)).toBe('30 min')
    expect(age('2026-11-20T12:00:00Z', now)).toBe('24 h')
    expect(age('2026-11-11T12:00:00Z', now)).toBe('10 days')
  })
})
