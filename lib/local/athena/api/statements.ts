import type {
  BatchGetNamedQueryInput,
  BatchGetPreparedStatementInput,
  CreateNamedQueryInput,
  CreatePreparedStatementInput,
  ListNamedQueriesInput,
  ListPreparedStatementsInput,
  UpdateNamedQueryInput,
} from '@aws-sdk/client-athena'
import { randomUUID } from 'node:crypto'
import { ServiceError } from '../../aws/errors.ts'
import { StateFile } from './state-file.ts'
import { invalidRequest, pageOf, validate, type Shape } from './validate.ts'
import type { WorkGroups } from './work-groups.ts'

interface Prepared {
  name: string
  sql: string
  workGroup: string
  description: string
  modified: number
}

interface Named {
  id: string
  name: string
  sql: string
  database: string
  workGroup: string
  description?: string | undefined
}

interface Kept {
  prepared: Record<string, Prepared>
  named: Record<string, Named>
}

const STATEMENT: Shape = {
  StatementName: { type: 'string', required: true, min: 1, max: 256 },
  WorkGroup: { type: 'string', required: true },
}
const QUERY: Shape = { QueryStatement: { type: 'string', required: true, min: 1, max: 262_144 } }
const NAMED: Shape = { NamedQueryId: { type: 'string', required: true } }

/** Prepared statements (of a work group) and named queries. */
export class Statements {
  private readonly state: StateFile<Kept>
  private readonly workGroups: WorkGroups

  constructor(file: string, workGroups: WorkGroups) {
    this.state = new StateFile<Kept>(file, { prepared: {}, named: {} })
    this.workGroups = workGroups
  }

  prepared(workGroup: string, name: string): Prepared | undefined {
    return this.state.value.prepared[`${workGroup}/${name}`]
  }

  prepare(workGroup: string, name: string, sql: string, description = ''): void {
    this.state.value.prepared[`${workGroup}/${name}`] = { name, sql, workGroup, description, modified: Date.now() }
    this.state.save()
  }

  /** Whether there was one. */
  deallocate(workGroup: string, name: string): boolean {
    const there = this.prepared(workGroup, name) !== undefined
    delete this.state.value.prepared[`${workGroup}/${name}`]
    this.state.save()
    return there
  }

  /** Of a work group: whether there are any, for its deletion. */
  removeAll(workGroup: string): void {
    const { prepared, named } = this.state.value
    for (const [key, statement] of Object.entries(prepared)) if (statement.workGroup === workGroup) delete prepared[key]
    for (const [key, query] of Object.entries(named)) if (query.workGroup === workGroup) delete named[key]
    this.state.save()
  }

  hasAny(workGroup: string): boolean {
    const { prepared, named } = this.state.value
    return [...Object.values(prepared), ...Object.values(named)].some(item => item.workGroup === workGroup)
  }

  readonly operations = {
    CreatePreparedStatement: (input: CreatePreparedStatementInput) => {
      const { workGroup, name } = this.named(input, { ...STATEMENT, ...QUERY })
      if (this.prepared(workGroup, name))
        throw invalidRequest(`Prepared statement ${name} already exists in WorkGroup ${workGroup}`)
      this.prepare(workGroup, name, input.QueryStatement!, input.Description)
      return {}
    },
    UpdatePreparedStatement: (input: CreatePreparedStatementInput) => {
      const { workGroup, name } = this.named(input, { ...STATEMENT, ...QUERY })
      const { description } = this.existing(workGroup, name)
      this.prepare(workGroup, name, input.QueryStatement!, input.Description ?? description)
      return {}
    },
    GetPreparedStatement: (input: CreatePreparedStatementInput) => {
      const { workGroup, name } = this.named(input, STATEMENT)
      return { PreparedStatement: describePrepared(this.existing(workGroup, name)) }
    },
    DeletePreparedStatement: (input: CreatePreparedStatementInput) => {
      const { workGroup, name } = this.named(input, STATEMENT)
      this.existing(workGroup, name)
      this.deallocate(workGroup, name)
      return {}
    },
    ListPreparedStatements: (input: ListPreparedStatementsInput) => {
      validate(input, { WorkGroup: { type: 'string', required: true }, MaxResults: { type: 'integer', min: 1, max: 50 } })
      const { name } = this.workGroups.get(input.WorkGroup!)
      const all = Object.values(this.state.value.prepared).filter(statement => statement.workGroup === name)
      const { page, ...next } = pageOf(all, input.NextToken, input.MaxResults ?? 50)
      return {
        PreparedStatements: page.map(item => ({ StatementName: item.name, LastModifiedTime: item.modified / 1000 })),
        ...next,
      }
    },
    BatchGetPreparedStatement: (input: BatchGetPreparedStatementInput) => {
      validate(input, { PreparedStatementNames: { type: 'list', required: true }, WorkGroup: { type: 'string', required: true } })
      const { name: workGroup } = this.workGroups.get(input.WorkGroup!)
      const found = input.PreparedStatementNames!.map(name => this.prepared(workGroup, name.toLowerCase()))
      return {
        PreparedStatements: found.filter(item => item !== undefined).map(describePrepared),
        UnprocessedPreparedStatementNames: input
          .PreparedStatementNames!.filter((_, i) => !found[i])
          .map(StatementName => ({
            StatementName,
            ErrorCode: 'STATEMENT_NOT_FOUND',
            ErrorMessage: `PreparedStatement ${StatementName} was not found`,
          })),
      }
    },
    CreateNamedQuery: (input: CreateNamedQueryInput) => {
      validate(input, {
        Name: { type: 'string', required: true, min: 1, max: 128 },
        Database: { type: 'string', required: true, min: 1, max: 255 },
        QueryString: { type: 'string', required: true, min: 1, max: 262_144 },
      })
      const { name: workGroup } = this.workGroups.get(input.WorkGroup ?? 'primary')
      const id = randomUUID()
      this.state.value.named[id] = {
        id,
        name: input.Name!,
        sql: input.QueryString!,
        database: input.Database!,
        workGroup,
        description: input.Description,
      }
      this.state.save()
      return { NamedQueryId: id }
    },
    GetNamedQuery: (input: { NamedQueryId?: string }) => {
      validate(input, NAMED)
      return { NamedQuery: describeNamed(this.namedQuery(input.NamedQueryId!)) }
    },
    UpdateNamedQuery: (input: UpdateNamedQueryInput) => {
      validate(input, NAMED)
      const query = this.namedQuery(input.NamedQueryId!)
      Object.assign(query, {
        name: input.Name ?? query.name,
        sql: input.QueryString ?? query.sql,
        description: input.Description ?? query.description,
      })
      this.state.save()
      return {}
    },
    DeleteNamedQuery: (input: { NamedQueryId?: string }) => {
      validate(input, NAMED)
      delete this.state.value.named[this.namedQuery(input.NamedQueryId!).id]
      this.state.save()
      return {}
    },
    BatchGetNamedQuery: (input: BatchGetNamedQueryInput) => {
      validate(input, { NamedQueryIds: { type: 'list', required: true, min: 1, max: 50 } })
      const { named } = this.state.value
      return {
        NamedQueries: input.NamedQueryIds!.flatMap(id => (named[id] ? [describeNamed(named[id])] : [])),
        UnprocessedNamedQueryIds: input
          .NamedQueryIds!.filter(id => !named[id])
          .map(NamedQueryId => ({
            NamedQueryId,
            ErrorCode: 'INTERNAL_FAILURE',
            ErrorMessage: `NamedQuery ${NamedQueryId} was not found`,
          })),
      }
    },
    ListNamedQueries: (input: ListNamedQueriesInput) => {
      validate(input, { MaxResults: { type: 'integer', min: 0, max: 50 } })
      const { name } = this.workGroups.get(input.WorkGroup ?? 'primary')
      const ids = Object.values(this.state.value.named).filter(query => query.workGroup === name)
      const { page, ...next } = pageOf(ids, input.NextToken, input.MaxResults || 50)
      return { NamedQueryIds: page.map(query => query.id), ...next }
    },
  }

  private named(input: { StatementName?: string | undefined; WorkGroup?: string | undefined }, shape: Shape) {
    validate(input, shape)
    return { name: input.StatementName!.toLowerCase(), workGroup: this.workGroups.get(input.WorkGroup!).name }
  }

  private existing(workGroup: string, name: string): Prepared {
    const statement = this.prepared(workGroup, name)
    if (!statement)
      throw new ServiceError('ResourceNotFoundException', `PreparedStatement ${name} was not found in WorkGroup ${workGroup}`)
    return statement
  }

  private namedQuery(id: string): Named {
    const query = this.state.value.named[id]
    if (!query) throw invalidRequest(`NamedQuery ${id} was not found`)
    return query
  }
}

const describePrepared = ({ name, sql, workGroup, description, modified }: Prepared) => ({
  StatementName: name,
  QueryStatement: sql,
  WorkGroupName: workGroup,
  ...(description !== '' && { Description: description }),
  LastModifiedTime: modified / 1000,
})

const describeNamed = ({ id, name, sql, database, workGroup, description }: Named) => ({
  NamedQueryId: id,
  Name: name,
  QueryString: sql,
  Database: database,
  WorkGroup: workGroup,
  ...(description !== undefined && { Description: description }),
})
