import { expect, it } from 'vitest'
import { openProgress } from '../../lib/cli/progress.ts'

function draw(isTTY: boolean): string {
  let written = ''
  let time = 0
  const stream = { isTTY, columns: 40, write: (text: string) => ((written += text), true) }
  const progress = openProgress(stream as never, () => (time += 500))
  progress.begin('produce')
  progress.update('1000 events, and a text that is longer than the line')
  progress.note('a row was left out')
  progress.end('5000 events')
  progress.begin('sink')
  progress.fail()
  return written
}

it('prints plain lines in a pipe', () => {
  expect(draw(false).split('\n')).toEqual([
    '         a row was left out',
    expect.stringMatching(/^ +\d\.\d s {2}produce: 5000 events$/),
    expect.stringMatching(/s {2}sink: failed$/),
    '',
  ])
})

it('draws over one line on a terminal, never wider than that', () => {
  const lines = draw(true).split(/\r\u001b\[K|\n/)
  expect(lines.filter(line => line.length > 40)).toEqual([])
  expect(lines.some(line => line.includes('produce: 1000 events'))).toBe(true)
})
