import { expect, it } from 'vitest'
import { strangers } from '../../../provisioning/aws/02-security-group.ts'

const cidr = '203.0.113.7/32'
const rule = (FromPort: number, ToPort: number, ...CidrIp: string[]) => ({
  IpProtocol: 'tcp',
  FromPort,
  ToPort,
  IpRanges: CidrIp.map(CidrIp => ({ CidrIp })),
})

it('leaves alone what the lab wants', () =>
  expect(strangers({ GroupId: 'sg-1', IpPermissions: [rule(22, 22, cidr), rule(9092, 9092, cidr)] }, cidr)).toEqual([]))

it.each([
  ['another address beside the own', rule(22, 22, cidr, '0.0.0.0/0'), [rule(22, 22, '0.0.0.0/0')]],
  ['another port, also for the own address', rule(2181, 2181, cidr), [rule(2181, 2181, cidr)]],
  ['a range of ports', rule(0, 65_535, cidr), [rule(0, 65_535, cidr)]],
  ['everything', { IpProtocol: '-1', IpRanges: [{ CidrIp: cidr }] }, [{ IpProtocol: '-1', IpRanges: [{ CidrIp: cidr }] }]],
  [
    'IPv6, prefix lists and groups',
    {
      ...rule(9092, 9092, cidr),
      Ipv6Ranges: [{ CidrIpv6: '::/0' }],
      PrefixListIds: [{ PrefixListId: 'pl-1' }],
      UserIdGroupPairs: [{ GroupId: 'sg-2', UserId: '1' }],
    },
    [
      { IpProtocol: 'tcp', FromPort: 9092, ToPort: 9092, Ipv6Ranges: [{ CidrIpv6: '::/0' }] },
      { IpProtocol: 'tcp', FromPort: 9092, ToPort: 9092, PrefixListIds: [{ PrefixListId: 'pl-1' }] },
      { IpProtocol: 'tcp', FromPort: 9092, ToPort: 9092, UserIdGroupPairs: [{ GroupId: 'sg-2', UserId: '1' }] },
    ],
  ],
])('finds %s, one rule each', (_, permission, found) =>
  expect(strangers({ GroupId: 'sg-1', IpPermissions: [permission] }, cidr)).toEqual(found),
)
