import {
  BatchGetNamedQueryCommand,
  BatchGetPreparedStatementCommand,
  CreateNamedQueryCommand,
  CreatePreparedStatementCommand,
  CreateWorkGroupCommand,
  DeleteNamedQueryCommand,
  DeletePreparedStatementCommand,
  DeleteWorkGroupCommand,
  GetDataCatalogCommand,
  GetDatabaseCommand,
  GetNamedQueryCommand,
  GetPreparedStatementCommand,
  GetTableMetadataCommand,
  GetWorkGroupCommand,
  ListDatabasesCommand,
  ListDataCatalogsCommand,
  ListNamedQueriesCommand,
  ListPreparedStatementsCommand,
  ListTableMetadataCommand,
  ListWorkGroupsCommand,
  UpdateWorkGroupCommand,
} from '@aws-sdk/client-athena'
import { expect, test } from 'vitest'
import { athenaHome, refusal } from './home.ts'

const home = await athenaHome()
const { athena, bucket, database } = home

test('work groups: made, described, changed, listed, deleted', async () => {
  const { WorkGroup } = await athena.send(new GetWorkGroupCommand({ WorkGroup: 'primary' }))
  expect(WorkGroup).toMatchObject({
    Name: 'primary',
    State: 'ENABLED',
    CreationTime: expect.any(Date),
    Configuration: {
      ResultConfiguration: {},
      EnforceWorkGroupConfiguration: false,
      EngineVersion: { EffectiveEngineVersion: 'Athena engine version 3' },
    },
  })
  const Configuration = {
    ResultConfiguration: { OutputLocation: `s3://${bucket}/team/` },
    EnforceWorkGroupConfiguration: true,
    BytesScannedCutoffPerQuery: 10_000_000,
  }
  await athena.send(new CreateWorkGroupCommand({ Name: 'team', Configuration, Description: 'ours' }))
  expect((await refusal(athena.send(new CreateWorkGroupCommand({ Name: 'team' })))).message).toBe('WorkGroup is already created')
  expect((await refusal(athena.send(new GetWorkGroupCommand({ WorkGroup: 'nope' })))).message).toBe('WorkGroup is not found.')
  const { WorkGroups } = await athena.send(new ListWorkGroupsCommand({}))
  expect(WorkGroups!.map(({ Name, Description }) => [Name, Description])).toEqual([
    ['primary', ''],
    ['team', 'ours'],
  ])
  const enforced = await home.query('SELECT 1 AS n', { workGroup: 'team' })
  expect(enforced.execution.ResultConfiguration!.OutputLocation).toBe(`s3://${bucket}/team/${enforced.id}.csv`)
  expect(enforced.execution.WorkGroup).toBe('team')
  await athena.send(
    new UpdateWorkGroupCommand({
      WorkGroup: 'team',
      ConfigurationUpdates: { EnforceWorkGroupConfiguration: false, RemoveBytesScannedCutoffPerQuery: true },
    }),
  )
  const free = await home.query('SELECT 1 AS n', { workGroup: 'team' })
  expect(free.execution.ResultConfiguration!.OutputLocation).toBe(`s3://${bucket}/results/${free.id}.csv`)
  expect((await home.start('SELECT 2', { WorkGroup: 'team', ResultConfiguration: undefined })).length).toBe(36)
  await athena.send(new UpdateWorkGroupCommand({ WorkGroup: 'team', State: 'DISABLED' }))
  expect((await home.query('SELECT 1', { workGroup: 'team' })).reason).toContain('disabled')
  expect((await refusal(athena.send(new DeleteWorkGroupCommand({ WorkGroup: 'team' })))).message).toContain('is not empty')
  await athena.send(new DeleteWorkGroupCommand({ WorkGroup: 'team', RecursiveDeleteOption: true }))
  expect((await refusal(athena.send(new DeleteWorkGroupCommand({ WorkGroup: 'primary' })))).name).toBe('InvalidRequestException')
  expect(
    (await refusal(athena.send(new CreateWorkGroupCommand({ Name: 'x', Configuration: { BytesScannedCutoffPerQuery: 1 } }))))
      .message,
  ).toContain('greater than or equal to 10000000')
})

test('a work group’s cutoff stops a query that would scan more', async () => {
  await athena.send(
    new CreateWorkGroupCommand({
      Name: 'cheap',
      Configuration: { EnforceWorkGroupConfiguration: false, BytesScannedCutoffPerQuery: 10_000_000 },
    }),
  )
  await home.put('big/a.json', `${JSON.stringify({ text: 'x'.repeat(10_000_001) })}\n`)
  await home.query(
    `CREATE EXTERNAL TABLE big (text string) ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION 's3://${bucket}/big/'`,
  )
  expect((await home.query('SELECT length(text) FROM big')).rows).toEqual([['10000001']])
  const { state, reason } = await home.query('SELECT length(text) FROM big', { workGroup: 'cheap' })
  expect([state, reason]).toEqual(['CANCELLED', 'Bytes scanned limit was exceeded'])
})

test('prepared statements, by SQL and by the API', async () => {
  await home.query(`PREPARE pick FROM SELECT x FROM (VALUES 1, 2, 3) AS t(x) WHERE x > ? AND x < ?`)
  expect((await home.query('EXECUTE pick USING 1, 1 + 2')).rows).toEqual([['2']])
  expect((await home.query('EXECUTE pick', { parameters: ['0', '2'] })).rows).toEqual([['1']])
  expect((await home.query('EXECUTE pick USING 1')).reason).toBe(
    'INVALID_PARAMETER_USAGE: line 1:1: Incorrect number of parameters: expected 2 but found 1',
  )
  expect((await home.query('EXECUTE nope')).state).toBe('FAILED')
  const at = { StatementName: 'pick', WorkGroup: 'primary' }
  expect((await athena.send(new GetPreparedStatementCommand(at))).PreparedStatement).toMatchObject({
    QueryStatement: 'SELECT x FROM (VALUES 1, 2, 3) AS t(x) WHERE x > ? AND x < ?',
  })
  await athena.send(
    new CreatePreparedStatementCommand({ StatementName: 'second', WorkGroup: 'primary', QueryStatement: 'SELECT ? AS v' }),
  )
  expect((await home.query("EXECUTE second USING 'it''s, (fine)'")).rows).toEqual([["it's, (fine)"]])
  const { PreparedStatements } = await athena.send(new ListPreparedStatementsCommand({ WorkGroup: 'primary' }))
  expect(PreparedStatements!.map(statement => statement.StatementName)).toEqual(['pick', 'second'])
  const batch = await athena.send(
    new BatchGetPreparedStatementCommand({ WorkGroup: 'primary', PreparedStatementNames: ['second', 'nope'] }),
  )
  expect([batch.PreparedStatements!.length, batch.UnprocessedPreparedStatementNames!.length]).toEqual([1, 1])
  await home.query('DEALLOCATE PREPARE second')
  expect((await refusal(athena.send(new GetPreparedStatementCommand({ ...at, StatementName: 'second' })))).name).toBe(
    'ResourceNotFoundException',
  )
  await athena.send(new DeletePreparedStatementCommand(at))
})

test('named queries', async () => {
  const { NamedQueryId } = await athena.send(
    new CreateNamedQueryCommand({ Name: 'daily', Database: database, QueryString: 'SELECT 1' }),
  )
  expect((await athena.send(new GetNamedQueryCommand({ NamedQueryId }))).NamedQuery).toMatchObject({
    Name: 'daily',
    QueryString: 'SELECT 1',
    WorkGroup: 'primary',
  })
  expect((await athena.send(new ListNamedQueriesCommand({}))).NamedQueryIds).toEqual([NamedQueryId])
  expect(
    (await athena.send(new BatchGetNamedQueryCommand({ NamedQueryIds: [NamedQueryId!, 'nope'] }))).UnprocessedNamedQueryIds,
  ).toHaveLength(1)
  await athena.send(new DeleteNamedQueryCommand({ NamedQueryId }))
  expect((await athena.send(new ListNamedQueriesCommand({}))).NamedQueryIds).toEqual([])
})

test('the data catalog in Athena’s shapes', async () => {
  await home.query(
    `CREATE EXTERNAL TABLE meta (a int COMMENT 'first') PARTITIONED BY (dt string) ROW FORMAT DELIMITED FIELDS TERMINATED BY ',' LOCATION 's3://${bucket}/meta/'`,
  )
  const CatalogName = 'AwsDataCatalog'
  expect((await athena.send(new ListDataCatalogsCommand({}))).DataCatalogsSummary).toMatchObject([{ CatalogName, Type: 'GLUE' }])
  expect((await athena.send(new GetDataCatalogCommand({ Name: CatalogName }))).DataCatalog!.Type).toBe('GLUE')
  expect((await athena.send(new ListDatabasesCommand({ CatalogName }))).DatabaseList!.map(({ Name }) => Name)).toEqual([database])
  expect((await athena.send(new GetDatabaseCommand({ CatalogName, DatabaseName: database }))).Database!.Name).toBe(database)
  const { TableMetadata } = await athena.send(
    new GetTableMetadataCommand({ CatalogName, DatabaseName: database, TableName: 'META' }),
  )
  expect(TableMetadata).toMatchObject({
    Name: 'meta',
    TableType: 'EXTERNAL_TABLE',
    Columns: [{ Name: 'a', Type: 'int', Comment: 'first' }],
    PartitionKeys: [{ Name: 'dt', Type: 'string' }],
    Parameters: {
      EXTERNAL: 'TRUE',
      location: `s3://${bucket}/meta/`,
      'serde.param.field.delim': ',',
      'serde.serialization.lib': 'org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe',
    },
  })
  const listed = await athena.send(new ListTableMetadataCommand({ CatalogName, DatabaseName: database, Expression: 'me.*' }))
  expect(listed.TableMetadataList!.map(({ Name }) => Name)).toEqual(['meta'])
  expect(
    (await refusal(athena.send(new GetTableMetadataCommand({ CatalogName, DatabaseName: database, TableName: 'nope' })))).name,
  ).toBe('MetadataException')
})
