import * as glue from '@aws-sdk/client-glue'
import { beforeAll, describe, expect, test } from 'vitest'
import { failure, openGlueContract, type GlueContractHome } from './home.ts'

let home: GlueContractHome
let DatabaseName: string
beforeAll(async () => {
  home = await openGlueContract()
  DatabaseName = await home.database()
})
const column = (Name: string, Type = 'string'): glue.Column => ({ Name, Type })
const table = (Name: string, more: Partial<glue.TableInput> = {}): glue.TableInput => ({
  Name,
  PartitionKeys: [column('dt'), column('n', 'int')],
  StorageDescriptor: { Columns: [column('a', 'double')], Location: 's3://nowhere/t/' },
  TableType: 'EXTERNAL_TABLE',
  Parameters: { classification: 'json' },
  ...more,
})

describe('databases', () => {
  test('create, get, update, delete; names fold to lower case', async () => {
    const name = home.unique('Cased_DB').replace('contract', 'Contract')
    await home.client.send(
      new glue.CreateDatabaseCommand({ DatabaseInput: { Name: name, Description: 'one', Parameters: { k: 'v' } } }),
    )
    const { Database } = await home.client.send(new glue.GetDatabaseCommand({ Name: name.toUpperCase() }))
    expect(Database).toMatchObject({ Name: name.toLowerCase(), Description: 'one', Parameters: { k: 'v' } })
    expect(Database!.CreateTime).toBeInstanceOf(Date)
    expect(Math.abs(Database!.CreateTime!.getTime() - Date.now())).toBeLessThan(3_600_000)
    const twice = home.client.send(new glue.CreateDatabaseCommand({ DatabaseInput: { Name: name } }))
    expect(await failure(twice)).toEqual(['AlreadyExistsException', 'Database already exists.'])
    await home.client.send(new glue.UpdateDatabaseCommand({ Name: name, DatabaseInput: { Name: name, Description: 'two' } }))
    const updated = await home.client.send(new glue.GetDatabaseCommand({ Name: name }))
    expect(updated.Database).toMatchObject({ Description: 'two', CreateTime: Database!.CreateTime })
    await home.client.send(new glue.DeleteDatabaseCommand({ Name: name }))
    const gone = home.client.send(new glue.GetDatabaseCommand({ Name: name }))
    expect(await failure(gone)).toEqual(['EntityNotFoundException', `Database ${name.toLowerCase()} not found.`])
  })

  test('deleting a database deletes its tables', async () => {
    const Name = await home.database()
    await home.client.send(new glue.CreateTableCommand({ DatabaseName: Name, TableInput: table('t') }))
    await home.client.send(new glue.DeleteDatabaseCommand({ Name }))
    await home.client.send(new glue.CreateDatabaseCommand({ DatabaseInput: { Name } }))
    expect((await home.client.send(new glue.GetTablesCommand({ DatabaseName: Name }))).TableList).toEqual([])
  })

  test('listed page by page', async () => {
    const names = [await home.database(), await home.database(), await home.database()]
    const found: (string | undefined)[] = []
    for await (const page of glue.paginateGetDatabases({ client: home.client, pageSize: 2 }, {})) {
      expect(page.DatabaseList!.length).toBeLessThanOrEqual(2)
      found.push(...page.DatabaseList!.map(database => database.Name))
    }
    expect(found).toEqual(expect.arrayContaining(names))
    expect(new Set(found).size).toBe(found.length)
  })
})

describe('tables', () => {
  test('create, get, versions', async () => {
    await home.client.send(new glue.CreateTableCommand({ DatabaseName, TableInput: table('Versioned') }))
    const first = await home.client.send(new glue.GetTableCommand({ DatabaseName, Name: 'VERSIONED' }))
    expect(first.Table).toMatchObject({
      Name: 'versioned',
      DatabaseName,
      VersionId: '0',
      Retention: 0,
      TableType: 'EXTERNAL_TABLE',
    })
    expect(first.Table!.UpdateTime).toBeInstanceOf(Date)
    for (const Description of ['second', 'third']) {
      await home.client.send(new glue.UpdateTableCommand({ DatabaseName, TableInput: table('versioned', { Description }) }))
    }
    await home.client.send(
      new glue.UpdateTableCommand({ DatabaseName, TableInput: table('versioned', { Description: 'fourth' }), SkipArchive: true }),
    )
    const versions = []
    for await (const page of glue.paginateGetTableVersions(
      { client: home.client, pageSize: 2 },
      { DatabaseName, TableName: 'versioned' },
    )) {
      versions.push(...page.TableVersions!.map(version => [version.VersionId, version.Table!.Description]))
    }
    expect(versions).toEqual([
      ['3', 'fourth'],
      ['1', 'second'],
      ['0', undefined],
    ])
    const old = await home.client.send(new glue.GetTableVersionCommand({ DatabaseName, TableName: 'versioned', VersionId: '1' }))
    expect(old.TableVersion!.Table!.Description).toBe('second')
    await home.client.send(new glue.DeleteTableVersionCommand({ DatabaseName, TableName: 'versioned', VersionId: '1' }))
    const { Errors } = await home.client.send(
      new glue.BatchDeleteTableVersionCommand({ DatabaseName, TableName: 'versioned', VersionIds: ['0', '1'] }),
    )
    expect(Errors).toMatchObject([{ VersionId: '1', ErrorDetail: { ErrorCode: 'EntityNotFoundException' } }])
  })

  test('errors', async () => {
    await home.client.send(new glue.CreateTableCommand({ DatabaseName, TableInput: table('twice') }))
    const twice = home.client.send(new glue.CreateTableCommand({ DatabaseName, TableInput: table('TWICE') }))
    expect(await failure(twice)).toEqual(['AlreadyExistsException', 'Table already exists.'])
    const missing = home.client.send(new glue.GetTableCommand({ DatabaseName, Name: 'nothing' }))
    expect(await failure(missing)).toEqual(['EntityNotFoundException', 'Table nothing not found.'])
    const nowhere = home.client.send(new glue.CreateTableCommand({ DatabaseName: 'no_such_database', TableInput: table('t') }))
    expect(await failure(nowhere)).toEqual(['EntityNotFoundException', 'Database no_such_database not found.'])
    const tooMany = home.client.send(new glue.GetTablesCommand({ DatabaseName, MaxResults: 101 }))
    expect((await failure(tooMany))[1]).toContain("Value '101' at 'maxResults' failed to satisfy constraint")
    const stale = home.client.send(new glue.UpdateTableCommand({ DatabaseName, TableInput: table('twice'), VersionId: '7' }))
    expect((await failure(stale))[0]).toBe('ConcurrentModificationException')
  })

  test('filtered by name, batch deleted, searched', async () => {
    for (const name of ['find_a', 'find_b', 'other'])
      await home.client.send(new glue.CreateTableCommand({ DatabaseName, TableInput: table(name) }))
    const names = async (Expression: string): Promise<unknown[]> =>
      (await home.client.send(new glue.GetTablesCommand({ DatabaseName, Expression }))).TableList!.map(one => one.Name)
    expect(await names('find_.*')).toEqual(['find_a', 'find_b'])
    expect(await names('find*')).toEqual(['find_a', 'find_b'])
    expect(await names('find_a|other')).toEqual(['find_a', 'other'])
    const { TableList } = await home.client.send(new glue.SearchTablesCommand({ SearchText: 'find_b' }))
    expect(TableList!.filter(one => one.DatabaseName === DatabaseName).map(one => one.Name)).toEqual(['find_b'])
    const { Errors } = await home.client.send(
      new glue.BatchDeleteTableCommand({ DatabaseName, TablesToDelete: ['find_a', 'missing', 'find_b'] }),
    )
    expect(Errors).toMatchObject([{ TableName: 'missing', ErrorDetail: { ErrorCode: 'EntityNotFoundException' } }])
    expect(await names('find*')).toEqual([])
  })
})

describe('partitions', () => {
  const TableName = 'partitioned'
  const input = (...Values: string[]): glue.PartitionInput => ({
    Values,
    StorageDescriptor: { Columns: [column('a', 'double')], Location: `s3://nowhere/t/${Values.join('/')}/` },
  })
  beforeAll(async () => {
    await home.client.send(new glue.CreateTableCommand({ DatabaseName, TableInput: table(TableName) }))
    for (let start = 0; start < 250; start += 50) {
      const PartitionInputList = Array.from({ length: 50 }, (_, at) =>
        input(`2020-01-0${1 + ((start + at) % 5)}`, String(start + at)),
      )
      const { Errors } = await home.client.send(
        new glue.BatchCreatePartitionCommand({ DatabaseName, TableName, PartitionInputList }),
      )
      expect(Errors).toEqual([])
    }
  })
  const matching = async (Expression: string): Promise<string[]> => {
    const found: string[] = []
    for await (const page of glue.paginateGetPartitions({ client: home.client }, { DatabaseName, TableName, Expression })) {
      found.push(...page.Partitions!.map(partition => partition.Values!.join('/')))
    }
    return found
  }

  test('batch forms answer each entry for itself', async () => {
    const PartitionInputList = [input('2020-01-01', '0'), input('new', '1'), input('too few')]
    const { Errors } = await home.client.send(
      new glue.BatchCreatePartitionCommand({ DatabaseName, TableName, PartitionInputList }),
    )
    expect(Errors!.map(error => [error.PartitionValues, error.ErrorDetail!.ErrorCode])).toEqual([
      [['too few'], 'InvalidInputException'],
      [['2020-01-01', '0'], 'AlreadyExistsException'],
    ])
    const got = await home.client.send(
      new glue.BatchGetPartitionCommand({
        DatabaseName,
        TableName,
        PartitionsToGet: [{ Values: ['new', '1'] }, { Values: ['none', '1'] }],
      }),
    )
    expect(got.Partitions!.map(partition => partition.Values)).toEqual([['new', '1']])
    const updated = await home.client.send(
      new glue.BatchUpdatePartitionCommand({
        DatabaseName,
        TableName,
        Entries: [
          { PartitionValueList: ['new', '1'], PartitionInput: { ...input('new', '1'), Parameters: { k: 'v' } } },
          { PartitionValueList: ['none', '1'], PartitionInput: input('none', '1') },
        ],
      }),
    )
    expect(updated.Errors).toMatchObject([
      { PartitionValueList: ['none', '1'], ErrorDetail: { ErrorCode: 'EntityNotFoundException' } },
    ])
    const { Partition } = await home.client.send(
      new glue.GetPartitionCommand({ DatabaseName, TableName, PartitionValues: ['new', '1'] }),
    )
    expect(Partition).toMatchObject({ Parameters: { k: 'v' }, TableName, DatabaseName })
    const deleted = await home.client.send(
      new glue.BatchDeletePartitionCommand({
        DatabaseName,
        TableName,
        PartitionsToDelete: [{ Values: ['new', '1'] }, { Values: ['none', '1'] }],
      }),
    )
    expect(deleted.Errors).toMatchObject([
      { PartitionValues: ['none', '1'], ErrorDetail: { ErrorCode: 'EntityNotFoundException' } },
    ])
  })

  test('limits of the batch forms', async () => {
    const many = Array.from({ length: 1001 }, (_, at) => ({ Values: ['x', String(at)] }))
    const calls: [Promise<unknown>, number][] = [
      [
        home.client.send(
          new glue.BatchCreatePartitionCommand({ DatabaseName, TableName, PartitionInputList: many.slice(0, 101) }),
        ),
        100,
      ],
      [home.client.send(new glue.BatchGetPartitionCommand({ DatabaseName, TableName, PartitionsToGet: many })), 1000],
      [
        home.client.send(
          new glue.BatchDeletePartitionCommand({ DatabaseName, TableName, PartitionsToDelete: many.slice(0, 26) }),
        ),
        25,
      ],
    ]
    for (const [call, most] of calls)
      expect((await failure(call))[1]).toContain(`Member must have length less than or equal to ${most}`)
  })

  test('one by one, and their errors', async () => {
    await home.client.send(new glue.CreatePartitionCommand({ DatabaseName, TableName, PartitionInput: input('one', '1') }))
    const twice = home.client.send(
      new glue.CreatePartitionCommand({ DatabaseName, TableName, PartitionInput: input('one', '1') }),
    )
    expect(await failure(twice)).toEqual(['AlreadyExistsException', 'Partition already exists.'])
    await home.client.send(
      new glue.UpdatePartitionCommand({
        DatabaseName,
        TableName,
        PartitionValueList: ['one', '1'],
        PartitionInput: input('one', '2'),
      }),
    )
    const moved = home.client.send(new glue.GetPartitionCommand({ DatabaseName, TableName, PartitionValues: ['one', '1'] }))
    expect(await failure(moved)).toEqual(['EntityNotFoundException', 'Cannot find partition.'])
    await home.client.send(new glue.DeletePartitionCommand({ DatabaseName, TableName, PartitionValues: ['one', '2'] }))
    const short = home.client.send(new glue.CreatePartitionCommand({ DatabaseName, TableName, PartitionInput: input('one') }))
    expect(await failure(short)).toEqual([
      'InvalidInputException',
      'The number of partition keys do not match the number of partition values',
    ])
  })

  test('the expression compares by the type of the key', async () => {
    expect(await matching("dt = '2020-01-02' AND n < 12")).toEqual(['2020-01-02/1', '2020-01-02/11', '2020-01-02/6'])
    expect(await matching('n BETWEEN 9 AND 11')).toEqual(['2020-01-01/10', '2020-01-02/11', '2020-01-05/9'])
    expect(await matching("n IN (7, 200) OR (dt LIKE '%-05' AND n >= 249)")).toEqual([
      '2020-01-01/200',
      '2020-01-03/7',
      '2020-01-05/249',
    ])
    expect(await matching("dt > '2020-01-04' AND n <> 4 AND n < 10")).toEqual(['2020-01-05/9'])
    const unknown = home.client.send(new glue.GetPartitionsCommand({ DatabaseName, TableName, Expression: "nope = 'x'" }))
    expect((await failure(unknown))[0]).toBe('InvalidInputException')
  })

  test('pages and segments give every partition once', async () => {
    const all = await matching('n >= 0')
    expect(all).toHaveLength(250)
    const paged: string[] = []
    for await (const page of glue.paginateGetPartitions({ client: home.client, pageSize: 33 }, { DatabaseName, TableName })) {
      expect(page.Partitions!.length).toBeLessThanOrEqual(33)
      paged.push(...page.Partitions!.map(partition => partition.Values!.join('/')))
    }
    expect(paged).toEqual(all)
    const segmented: string[] = []
    for (let SegmentNumber = 0; SegmentNumber < 4; SegmentNumber += 1) {
      const Segment = { SegmentNumber, TotalSegments: 4 }
      for await (const page of glue.paginateGetPartitions(
        { client: home.client, pageSize: 40 },
        { DatabaseName, TableName, Segment },
      )) {
        segmented.push(...page.Partitions!.map(partition => partition.Values!.join('/')))
      }
    }
    expect(segmented.sort()).toEqual([...all].sort())
    const { Partitions } = await home.client.send(
      new glue.GetPartitionsCommand({ DatabaseName, TableName, ExcludeColumnSchema: true, MaxResults: 1 }),
    )
    expect(Partitions![0]!.StorageDescriptor!.Columns).toBeUndefined()
  })
})
