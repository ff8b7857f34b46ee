import { describe, test } from 'vitest'
import { temporaryFolder } from '../../../helpers/folder.ts'
import { fuzzCsv, fuzzGlobs, fuzzGroups, fuzzJson, fuzzObjects } from './fuzz.ts'

// 20,000 cases of each in tests of 1,000: one test's assertions grow slower the more it has.
const seeds = Array.from({ length: 20 }, (_, at) => 100 + at)

describe.each(seeds)('seed %i', seed => {
  test('JSON in every layout', () => fuzzJson(seed, 1000))
  test('CSV with every delimiter', () => fuzzCsv(seed, 1000))
  test('exclude patterns', () => fuzzGlobs(seed, 1000))
  test('folders of any shape', () => fuzzGroups(seed, 1000))
  test('objects of any bytes', () => fuzzObjects(seed, 1000, temporaryFolder()))
})
