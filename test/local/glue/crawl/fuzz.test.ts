import { test } from 'vitest'
import { temporaryFolder } from '../../../helpers/folder.ts'
import { fuzzCsv, fuzzGlobs, fuzzGroups, fuzzJson, fuzzObjects } from './fuzz.ts'

test('JSON in every layout', () => fuzzJson(1, 1000))
test('CSV with every delimiter', () => fuzzCsv(2, 1000))
test('objects of any bytes', () => fuzzObjects(3, 1000, temporaryFolder()))
test('exclude patterns', () => fuzzGlobs(4, 1000))
test('folders of any shape', () => fuzzGroups(5, 1000))
