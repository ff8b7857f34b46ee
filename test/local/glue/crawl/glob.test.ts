import { expect, test } from 'vitest'
import { compileGlob } from '../../../../lib/local/glue/crawl/glob.ts'

// Examples of the Guide's page on include and exclude patterns.
test.each([
  ['*.csv', ['a.csv'], ['a/b.csv', 'a.csv.gz']],
  ['*.*', ['a.b'], ['ab']],
  ['*.{csv,avro}', ['a.csv', 'a.avro'], ['a.json', 'a.{csv,avro}']],
  ['foo.?', ['foo.a'], ['foo.ab', 'foo.', 'foo./']],
  ['myfolder/*', ['myfolder/mytext'], ['myfolder/a/b']],
  ['myfolder/*/*', ['myfolder/a/b'], ['myfolder/a', 'myfolder/a/b/c']],
  ['myfolder/**', ['myfolder/a', 'myfolder/a/b/c'], ['other/a']],
  ['myfolder**', ['myfolder/a', 'myfolder.txt'], ['other/myfolder']],
  ['Market*', ['Market', 'Market.txt', 'Marketing'], ['Market/a', 'market']],
  ['**.csv', ['a.csv', 'a/b/c.csv'], ['a.csv/x']],
  ['**/tmp/**', ['tmp/a', 'a/tmp/b', 'a/b/tmp/c/d'], ['tmp', 'a/xtmp/b', 'tmpx/a']],
  ['departments/[!abc]*', ['departments/dx'], ['departments/ax', 'departments//']],
  ['[a-c]1', ['a1', 'c1'], ['d1']],
  ['a\\*b', ['a*b'], ['axb']],
  ['{a,{b,c}}.x', ['a.x', 'b.x', 'c.x'], ['d.x']],
  ['2017-0[78]-??', ['2017-07-01'], ['2017-09-01']],
  ['a,b', ['a,b'], ['a', 'b']],
  ['a(b)+$', ['a(b)+$'], ['abb']],
])('%s', (pattern, matching, others) => {
  const matches = compileGlob(pattern)
  expect(matching.filter(matches)).toEqual(matching)
  expect(others.filter(matches)).toEqual([])
})
