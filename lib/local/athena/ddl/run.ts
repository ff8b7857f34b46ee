import { alterTable } from './alter.ts'
import { createDatabase, dropDatabase, showDatabases, showTables, showViews } from './databases.ts'
import { describe, showColumns, showCreateTable, showPartitions, showProperties } from './describe.ts'
import { repairTable } from './repair.ts'
import type { Statement } from './statement.ts'
import { createExternalTable, dropTable } from './tables.ts'
import type { DdlResult, DdlTools } from './tools.ts'
import { createView, dropView, showCreateView } from './views.ts'

/** The statements that work on the catalog alone and need no query process. */
export type CatalogStatement = Exclude<
  Statement,
  {
    kind: 'query' | 'show functions' | 'create table as' | 'insert' | 'unload' | 'explain' | 'prepare' | 'execute' | 'deallocate'
  }
>

/** Runs a statement on the catalog. @throws HiveError, QueryError */
export async function runDdl(tools: DdlTools, statement: CatalogStatement): Promise<DdlResult> {
  switch (statement.kind) {
    case 'create database':
      return createDatabase(tools, statement)
    case 'drop database':
      return dropDatabase(tools, statement)
    case 'create table':
      return createExternalTable(tools, statement)
    case 'alter table':
      return alterTable(tools, statement)
    case 'msck':
      return repairTable(tools, statement.name)
    case 'drop table':
      return dropTable(tools, statement)
    case 'create view':
      return createView(tools, statement)
    case 'drop view':
      return dropView(tools, statement)
    case 'describe':
      return describe(tools, statement)
    case 'show databases':
      return showDatabases(tools, statement)
    case 'show tables':
      return showTables(tools, statement)
    case 'show views':
      return showViews(tools, statement)
    case 'show columns':
      return showColumns(tools, statement)
    case 'show partitions':
      return showPartitions(tools, statement)
    case 'show create table':
      return showCreateTable(tools, statement)
    case 'show create view':
      return showCreateView(tools, statement)
    case 'show tblproperties':
      return showProperties(tools, statement)
  }
}
