import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, expect, it, vi } from 'vitest'
import { collect, stopSignal, take } from '../lib/take.ts'

const closed = vi.fn()
afterEach(() => closed.mockReset())

async function* numbers(count = Infinity, pauseMs = 0) {
  try {
    for (let i = 1; i <= count; i++) {
      if (pauseMs) await delay(pauseMs)
      yield i
    }
  } finally {
    closed()
  }
}

it('ends after so many records and closes the source', async () => {
  const seen: number[] = []
  expect(await take(numbers(), { records: 3 }, item => seen.push(item))).toEqual({ records: 3, why: 'records' })
  expect(seen).toEqual([1, 2, 3])
  expect(closed).toHaveBeenCalledOnce()
})

it('ends with the source, and tells the number of each item', async () => {
  const places: number[] = []
  expect(await take(numbers(2), {}, (_item, place) => places.push(place))).toEqual({ records: 2, why: 'end' })
  expect(places).toEqual([1, 2])
})

it('ends after its time, even when the source waits', async () => {
  const { why, records } = await take(numbers(Infinity, 20), { seconds: 0.15 }, () => undefined)
  expect(why).toBe('seconds')
  expect(records).toBeLessThan(50)
  async function* never() {
    await new Promise(() => undefined)
    yield 1
  }
  expect(await take(never(), { seconds: 0.05 }, () => undefined)).toEqual({ records: 0, why: 'seconds' })
})

it('ends without an error by the Stop button, and gives the signal back to whoever had it', async () => {
  const others = vi.fn()
  process.on('SIGINT', others)
  try {
    const taken = take(numbers(Infinity, 5), { seconds: 60 }, (_item, place) => {
      if (place === 3) process.kill(process.pid, 'SIGINT')
    })
    expect(await taken).toMatchObject({ why: 'stop' })
    expect(others).not.toHaveBeenCalled()
    expect(process.listeners('SIGINT')).toContain(others)
    expect(closed).toHaveBeenCalledOnce()
  } finally {
    process.off('SIGINT', others)
  }
})

it("passes an item's error on, and closes the source", async () => {
  const failing = take(numbers(), {}, () => {
    throw new Error('no room')
  })
  await expect(failing).rejects.toThrow('no room')
  expect(closed).toHaveBeenCalledOnce()
})

it('gives a signal for other calls, and leaves nothing behind when they are done', async () => {
  const before = process.listeners('SIGINT')
  const stop = await stopSignal(60)
  expect(stop.signal.aborted).toBe(false)
  stop.done()
  expect(stop.signal.aborted).toBe(true)
  expect(process.listeners('SIGINT')).toEqual(before)
})

it('collects a source into an array, an endless one only so far', async () => {
  expect(await collect(numbers(3))).toEqual([1, 2, 3])
  expect(await collect(numbers(), 4)).toEqual([1, 2, 3, 4])
  expect(closed).toHaveBeenCalledTimes(2)
})
