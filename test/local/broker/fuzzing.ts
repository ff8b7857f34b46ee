import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { apis } from '../../../lib/local/broker/apis/index.ts'
import { batch, values } from '../../contract/kafka/batches.ts'

interface Pair {
  key: number
  version: number
  request: string
}

/** Requests to begin with: captured ones, and batches of each kind inside Produce. */
export function seeds(): Buffer[] {
  const path = join(import.meta.dirname, '..', '..', 'fixtures', 'kafka', 'wire.json')
  const pairs = JSON.parse(readFileSync(path, 'utf8')) as Pair[]
  const captured = pairs
    .filter(({ key, version }) => apis.some(api => api.key === key && version <= api.versions[1]))
    .map(({ request }) => Buffer.from(request, 'hex'))
  const records = [
    batch({ records: values(5) }),
    batch({ records: values(5), compression: 'gzip' }),
    batch({ producerId: 3, producerEpoch: 0, baseSequence: 0 }),
  ]
  const produce = captured.find(bytes => bytes.readInt16BE(0) === 0)!
  const before = produce.subarray(0, produce.indexOf(Buffer.from('stocks')) + 6)
  const wrapped = records.map(bytes => {
    const tail = Buffer.alloc(12)
    tail.writeInt32BE(1, 0)
    tail.writeInt32BE(0, 4)
    tail.writeInt32BE(bytes.length, 8)
    return Buffer.concat([before, tail, bytes])
  })
  return [...captured, ...wrapped]
}

const numbers = [0, 1, -1, 0x7f, 0xff, 0x7fff, 0x7fff_ffff, -0x8000_0000, 100_000, 0x0640_0000]

/** A copy with one to eight bytes, numbers, cuts or repeats changed. */
export function mutate(bytes: Buffer, random: () => number, from = 0): Buffer {
  let changed = Buffer.from(bytes)
  const pick = (limit: number): number => Math.floor(random() * limit)
  for (let times = 1 + pick(8); times > 0 && changed.length > from + 4; times--) {
    const at = from + pick(changed.length - from - 4)
    switch (pick(6)) {
      case 0:
        changed[at] = pick(256)
        break
      case 1:
        changed.writeInt32BE(numbers[pick(numbers.length)]!, at)
        break
      case 2:
        changed.writeInt16BE(numbers[pick(5)]!, at)
        break
      case 3:
        changed = Buffer.from(changed.subarray(0, Math.max(from, at)))
        break
      case 4:
        changed = Buffer.concat([changed.subarray(0, at), changed.subarray(Math.max(0, at - pick(40)), at), changed.subarray(at)])
        break
      default:
        changed[at]! ^= 1 << pick(8)
    }
  }
  return changed
}
