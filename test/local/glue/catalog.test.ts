import { appendFileSync, readFileSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openCatalog, type CatalogStore } from '../../../lib/local/glue/catalog.ts'
import { temporaryFolder } from '../../helpers/folder.ts'

const descriptor = (Location: string) => ({
  Location,
  Columns: [{ Name: 'symbol', Type: 'string' }],
  SerdeInfo: { SerializationLibrary: 'x', Parameters: { paths: 'symbol' } },
})

async function filled(dir: string, partitions = 3): Promise<CatalogStore> {
  const catalog = await openCatalog({ dir })
  await catalog.createDatabase({ Name: 'Lake' })
  await catalog.createTable('lake', { Name: 'Quotes', PartitionKeys: [{ Name: 'dt', Type: 'string' }] })
  const inputs = Array.from({ length: partitions }, (_, at) => ({
    Values: [`d${at}`],
    StorageDescriptor: descriptor(`s3://b/${at}/`),
  }))
  await catalog.createPartitions('lake', 'quotes', inputs)
  return catalog
}

test('everything is there again after a restart', async () => {
  const dir = temporaryFolder()
  const catalog = await filled(dir)
  await catalog.updateTable('lake', {
    Name: 'quotes',
    Description: 'new \u2028 line',
    PartitionKeys: [{ Name: 'dt', Type: 'string' }],
  })
  await catalog.updatePartition('lake', 'quotes', ['d1'], { Values: ['moved'], Parameters: { k: 'v' } })
  await catalog.deletePartitions('lake', 'quotes', [['d2']])
  await catalog.createDatabase({ Name: 'gone' })
  await catalog.deleteDatabase('gone')
  const before = snapshotOf(catalog)
  await catalog.close()
  const again = await openCatalog({ dir })
  expect(snapshotOf(again)).toEqual(before)
  expect(again.getTable('LAKE', 'QUOTES').CreateTime).toBeInstanceOf(Date)
  expect(again.listPartitions('lake', 'quotes').map(partition => partition.Values)).toEqual([['d0'], ['moved']])
  await again.close()
})

const snapshotOf = (catalog: CatalogStore): unknown => [
  catalog.listDatabases(),
  catalog.listTables('lake'),
  catalog.listTableVersions('lake', 'quotes'),
  catalog.listPartitions('lake', 'quotes'),
]

test('a line cut by a crash is cut off, at whatever byte', async () => {
  const dir = temporaryFolder()
  await (await filled(dir, 2)).close()
  const file = join(dir, 'catalog.jsonl')
  const whole = statSync(file).size
  const catalog = await openCatalog({ dir })
  await catalog.createTable('lake', { Name: 'last' })
  await catalog.close()
  const full = readFileSync(file)
  for (let size = whole; size < full.length - 1; size += 7) {
    truncateSync(file, 0)
    appendFileSync(file, full.subarray(0, size))
    const cut = await openCatalog({ dir })
    expect(cut.listTables('lake').map(table => table.Name)).toEqual(['quotes'])
    await cut.createTable('lake', { Name: 'after' })
    await cut.close()
    const again = await openCatalog({ dir })
    expect(again.listTables('lake').map(table => table.Name)).toEqual(['after', 'quotes'])
    await again.close()
  }
})

test('a whole last line without its line end counts', async () => {
  const dir = temporaryFolder()
  await (await filled(dir)).close()
  const file = join(dir, 'catalog.jsonl')
  truncateSync(file, statSync(file).size - 1)
  const catalog = await openCatalog({ dir })
  await catalog.createTable('lake', { Name: 'next' })
  await catalog.close()
  const again = await openCatalog({ dir })
  expect(again.listTables('lake')).toHaveLength(2)
  expect(again.listPartitions('lake', 'quotes')).toHaveLength(3)
  await again.close()
})

test('damage in the middle is told with file and line', async () => {
  const dir = temporaryFolder()
  await (await filled(dir)).close()
  const file = join(dir, 'catalog.jsonl')
  const text = readFileSync(file, 'utf8')
  truncateSync(file, 0)
  appendFileSync(file, text.replace('{"op":"table"', '{"op":"table'))
  await expect(openCatalog({ dir })).rejects.toThrow(`${file}, line 2: not a JSON entry`)
})

test('the journal is made anew when most of it is history', async () => {
  const dir = temporaryFolder()
  const catalog = await filled(dir, 1200)
  for (let at = 0; at < 300; at += 1) {
    await catalog.updatePartition('lake', 'quotes', ['d0'], { Values: ['d0'], Parameters: { at: String(at) } })
  }
  await catalog.updateTable('lake', { Name: 'quotes', Description: 'second', PartitionKeys: [{ Name: 'dt', Type: 'string' }] })
  const before = snapshotOf(catalog)
  await catalog.close()
  const file = join(dir, 'catalog.jsonl')
  const grown = readFileSync(file, 'utf8').split('\n').length
  const again = await openCatalog({ dir })
  expect(readFileSync(file, 'utf8').split('\n').length).toBeLessThan(grown / 10)
  expect(snapshotOf(again)).toEqual(before)
  await again.createTable('lake', { Name: 'after' })
  await again.close()
  const last = await openCatalog({ dir })
  expect(last.listTables('lake')).toHaveLength(2)
  expect(last.listTableVersions('lake', 'quotes').map(table => table.VersionId)).toEqual(['1', '0'])
  await last.close()
})

test('of two that create the same at once, one is told that it is there', async () => {
  const catalog = await filled(temporaryFolder())
  const outcomes = await Promise.allSettled([1, 2].map(() => catalog.createTable('lake', { Name: 'same' })))
  expect(outcomes.map(outcome => outcome.status).sort()).toEqual(['fulfilled', 'rejected'])
  const inputs = [{ Values: ['x'] }, { Values: ['x'] }, { Values: ['d0'] }]
  expect(await catalog.createPartitions('lake', 'quotes', inputs)).toEqual({ existing: [['x'], ['d0']] })
  await catalog.close()
})

test('what was given is not what is kept: changing the input later changes nothing', async () => {
  const catalog = await filled(temporaryFolder())
  const input = { Name: 'mine', StorageDescriptor: descriptor('s3://b/') }
  await catalog.createTable('lake', input)
  input.StorageDescriptor.Columns[0]!.Name = 'changed'
  expect(catalog.getTable('lake', 'mine').StorageDescriptor!.Columns![0]!.Name).toBe('symbol')
  await catalog.close()
})
