import { test } from 'vitest'
import { temporaryFolder } from '../../../helpers/folder.ts'
import { fuzzCsv, fuzzGlobs, fuzzJson, fuzzObjects } from './fuzz.ts'

test('JSON in every layout', () => fuzzJson(101, 20_000))
test('CSV with every delimiter', () => fuzzCsv(102, 20_000))
test('objects of any bytes', () => fuzzObjects(103, 20_000, temporaryFolder()))
test('exclude patterns', () => fuzzGlobs(104, 20_000))
