import { test } from 'vitest'
import { temporaryFolder } from '../../../helpers/folder.ts'
import { fuzzCsv, fuzzGlobs, fuzzGroups, fuzzJson, fuzzObjects } from './fuzz.ts'

test('JSON in every layout', () => fuzzJson(101, 20_000))
test('CSV with every delimiter', () => fuzzCsv(102, 20_000))
test('objects of any bytes', () => fuzzObjects(103, 20_000, temporaryFolder()))
test('exclude patterns', () => fuzzGlobs(104, 20_000))
test('folders of any shape', () => fuzzGroups(105, 20_000))
