import { expect, test } from 'vitest'
import { compressionOf, fileColumns, fileGroups } from '../../../../lib/local/athena/reading/statements.ts'
import type { SourceFile } from '../../../../lib/local/athena/reading/source.ts'
import { readColumns } from '../../../../lib/local/athena/reading/partitions.ts'

const partitionKeys = readColumns([{ Name: 'dt', Type: 'date' }])
const file = (key: string, dt: string | null): SourceFile => ({
  object: { key, path: `/store/${key}`, sizeBytes: 7, etag: '"x"', lastModified: new Date(0), contentType: '', metadata: {} },
  bucket: 'b',
  partition: [dt],
})
const many = (count: number, partitions: number) =>
  Array.from({ length: count }, (_, i) => file(`${i}.json${i % 2 ? '.gz' : ''}`, `2020-01-0${(i % partitions) + 1}`))

test('compression goes by the key’s end', () => {
  expect(['a.gz', 'a.zst', 'a.json', 'gz'].map(compressionOf)).toEqual(['gzip', 'zstd', 'uncompressed', 'uncompressed'])
})

test('one call for each compression; with many files one for each partition, when its value is asked for', () => {
  const used = new Set(['dt'])
  expect(
    fileGroups({ files: many(4, 2), partitionKeys, used }).map(([compression, files]) => [compression, files.length]),
  ).toEqual([
    ['uncompressed', 2],
    ['gzip', 2],
  ])
  expect(fileGroups({ files: many(600, 3), partitionKeys, used })).toHaveLength(6)
  expect(fileGroups({ files: many(600, 3), partitionKeys, used: new Set() })).toHaveLength(2)
})

test('values of files are constants where they agree, and left out where nobody asks', () => {
  const files = [file('a', '2020-01-01'), file('b', null)]
  expect(fileColumns({ partitionKeys, used: new Set(['dt', '$path']) }, files)).toEqual([
    `[CAST('2020-01-01' AS DATE), NULL::DATE][CAST(file_index AS BIGINT) + 1] AS "dt"`,
    `['s3://b/a', 's3://b/b'][CAST(file_index AS BIGINT) + 1] AS "$path"`,
  ])
  expect(fileColumns({ partitionKeys, used: new Set(['dt']) }, [files[0]!, files[0]!])).toEqual([
    `CAST('2020-01-01' AS DATE) AS "dt"`,
  ])
  expect(fileColumns({ partitionKeys, used: new Set() }, files)).toEqual(['NULL::DATE AS "dt"'])
})
