import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { quote, script } from '../../../provisioning/host/script.ts'

const bash = (input: string): string => execFileSync('bash', ['-s'], { input, encoding: 'utf8', env: { PATH: process.env.PATH } })

/** A small seeded generator (mulberry32). */
function random(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

const nasty = [
  '',
  ' ',
  'a b',
  "it's",
  '"',
  '$(touch pwned)',
  '`id`',
  '$HOME',
  '\\',
  '\\n',
  'two\nlines',
  '\ttab',
  '-rf',
  '*',
  '~',
  '!',
  '#',
  ';',
  '&& ls',
  '| cat',
  '> file',
  'é😀',
  '\x01\x7f',
  "'\\''",
  "$'x'",
  '{a,b}',
  '%s',
]

it('hands every value to bash as it is', () => {
  const next = random(20261121)
  const alphabet = [...`'"\\$\`(){}[]<>|&;#!*?~ \t\n\r=,:%^+-azAZ09éß€😀\x01\x1b`]
  const values = [
    ...nasty,
    ...Array.from({ length: 1000 }, () =>
      Array.from({ length: Math.floor(next() * 12) }, () => alphabet[Math.floor(next() * alphabet.length)]).join(''),
    ),
  ]
  expect(
    bash(script`printf '%s\\0' ${values}`)
      .split('\0')
      .slice(0, -1),
  ).toEqual(values)
})

it('makes one word of a value wherever it stands', () => {
  expect(bash(script`x=${'a  $(echo b)'}; echo "$x"; for w in ${['1 2', "3'"]} ${4}; do echo "<$w>"; done`)).toBe(
    "a  $(echo b)\n<1 2>\n<3'>\n<4>\n",
  )
})

it('leaves plain words readable', () => expect(quote('/opt/kafka-3.9.2')).toBe('/opt/kafka-3.9.2'))
it('refuses what no argument can hold', () => expect(() => quote('a\0b')).toThrow('NUL'))
