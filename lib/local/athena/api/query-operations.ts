import type {
  BatchGetQueryExecutionInput,
  GetQueryExecutionInput,
  GetQueryResultsInput,
  ListQueryExecutionsInput,
  StartQueryExecutionInput,
} from '@aws-sdk/client-athena'
import type { JsonService } from '../../aws/json.ts'
import { describeExecution, describeRuntime, type Execution } from '../queries/execution.ts'
import type { History } from '../queries/history.ts'
import type { QueryRuns } from '../queries/query-runs.ts'
import { queryResults } from './query-results.ts'
import { startQuery, type StartTools } from './start-query.ts'
import { invalidRequest, pageOf, validate } from './validate.ts'

const QUERY_ID = { QueryExecutionId: { type: 'string', required: true, min: 1 } } as const

/** The calls about queries: start, watch, fetch, list, stop. */
export function queryOperations(tools: StartTools & { runs: QueryRuns }): JsonService['operations'] {
  const { history, workGroups, runs, storage } = tools
  const find = (id: string): Execution => {
    const execution = history.get(id)
    if (!execution) throw invalidRequest(`QueryExecution ${id} was not found`, 'QUERY_EXECUTION_NOT_FOUND')
    return execution
  }
  const asked = (input: GetQueryExecutionInput): Execution => {
    validate(input, QUERY_ID)
    return find(input.QueryExecutionId!)
  }
  return {
    StartQueryExecution: async (input: StartQueryExecutionInput) => {
      const { id } = await startQuery(input, tools, started => runs.start(started))
      return { QueryExecutionId: id }
    },
    GetQueryExecution: (input: GetQueryExecutionInput) => ({ QueryExecution: describeExecution(asked(input)) }),
    BatchGetQueryExecution: (input: BatchGetQueryExecutionInput) => batchGet(input, history),
    GetQueryResults: (input: GetQueryResultsInput) => queryResults(input, find, storage),
    GetQueryRuntimeStatistics: (input: GetQueryExecutionInput) => ({ QueryRuntimeStatistics: describeRuntime(asked(input)) }),
    ListQueryExecutions: (input: ListQueryExecutionsInput) => {
      validate(input, { MaxResults: { type: 'integer', min: 0, max: 50 }, NextToken: { type: 'string', min: 1 } })
      const { name } = workGroups.get(input.WorkGroup ?? 'primary')
      const { page, ...next } = pageOf(history.list(name), input.NextToken, input.MaxResults || 50)
      return { QueryExecutionIds: page.map(execution => execution.id), ...next }
    },
    StopQueryExecution: (input: GetQueryExecutionInput) => {
      runs.stop(asked(input).id)
      return {}
    },
    ListEngineVersions: () => ({
      EngineVersions: [{ SelectedEngineVersion: 'AUTO', EffectiveEngineVersion: 'Athena engine version 3' }],
    }),
  }
}

function batchGet(input: BatchGetQueryExecutionInput, history: History): object {
  validate(input, { QueryExecutionIds: { type: 'list', required: true, min: 1, max: 50 } })
  const ids = input.QueryExecutionIds!
  const found = ids.map(id => history.get(id))
  return {
    QueryExecutions: found.filter(execution => execution !== undefined).map(describeExecution),
    UnprocessedQueryExecutionIds: ids
      .filter((_, i) => !found[i])
      .map(QueryExecutionId => ({
        QueryExecutionId,
        ErrorCode: 'INVALID_INPUT',
        ErrorMessage: `QueryExecution ${QueryExecutionId} was not found`,
      })),
  }
}
