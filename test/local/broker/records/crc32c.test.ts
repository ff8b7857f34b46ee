import { expect, it } from 'vitest'
import { crc32c } from '../../../../lib/local/broker/records/crc32c.ts'

// RFC 3720, appendix B.4
it.each([
  ['32 bytes of zeroes', Buffer.alloc(32), 0x8a9136aa],
  ['32 bytes of ones', Buffer.alloc(32, 0xff), 0x62a8ab43],
  ['0 to 31', Buffer.from(Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e],
  ['the check value', Buffer.from('123456789'), 0xe3069283],
  ['nothing', Buffer.alloc(0), 0],
])('of %s', (_, bytes, expected) => {
  expect(crc32c(bytes)).toBe(expected)
})

it('of a part, whatever its length', () => {
  const bytes = Buffer.from(Array.from({ length: 64 }, (_, i) => (i * 7) & 255))
  for (let start = 0; start < 20; start++) expect(crc32c(bytes, start, 50)).toBe(crc32c(Buffer.from(bytes.subarray(start, 50))))
})
