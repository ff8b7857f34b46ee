import type { StartQueryExecutionInput } from '@aws-sdk/client-athena'
import { randomUUID } from 'node:crypto'
import type { Catalog } from '../../glue/catalog.ts'
import type { Storage } from '../../s3/storage.ts'
import { statementTypes, type Statement } from '../ddl/statement.ts'
import { isView } from '../ddl/tools.ts'
import { lookUp } from '../queries/context.ts'
import { currentDatabase, type Execution } from '../queries/execution.ts'
import type { History } from '../queries/history.ts'
import { planQuery, type PlannedQuery } from '../queries/query.ts'
import { asExpressions } from '../queries/translate-query.ts'
import { parseS3 } from '../reading/files.ts'
import { QueryError } from '../sql/error.ts'
import type { Translator } from '../queries/translator.ts'
import type { Statements } from './statements.ts'
import { invalidRequest, validate } from './validate.ts'
import type { WorkGroup, WorkGroups } from './work-groups.ts'

export interface StartTools {
  catalog: Catalog
  storage: Storage
  translator: Translator
  history: History
  workGroups: WorkGroups
  statements: Statements
}

/** A new query. */
export interface Started {
  execution: Execution
  planned: PlannedQuery
  now: Date
  workGroup: WorkGroup
}

/** Checks a StartQueryExecution in Athena's order: fields, token, work group, place of the result, syntax, token's parameters; then starts it. From
 *  the look at the token to the start nothing else can come between. */
export async function startQuery(
  input: StartQueryExecutionInput,
  tools: StartTools,
  start: (started: Started) => void,
): Promise<Execution> {
  const now = new Date()
  const token = checkFields(input)
  const workGroup = tools.workGroups.get(input.WorkGroup ?? 'primary')
  if (workGroup.state === 'DISABLED') throw invalidRequest('WorkGroup is disabled.')
  const output = outputPrefix(input, workGroup, tools.storage)
  const planned = await plan(input, tools, workGroup, now)
  const { QueryExecutionContext: context } = input
  const asked = JSON.stringify([
    input.QueryString,
    context?.Catalog,
    context?.Database,
    input.ResultConfiguration?.OutputLocation,
  ])
  const earlier = tools.history.withToken(token)
  if (earlier && earlier.asked !== asked)
    throw invalidRequest('Idempotent parameters do not match', 'IDEMPOTENT_PARAMETER_MISMATCH')
  if (earlier) return earlier
  const id = randomUUID()
  const { type, subtype } = types(planned.statement, tools.catalog, currentDatabase(context?.Database))
  const execution: Execution = {
    id,
    sql: input.QueryString!,
    type,
    subtype,
    workGroup: workGroup.name,
    catalog: context?.Catalog,
    database: context?.Database,
    outputLocation: `${output}${resultName(planned.statement, id)}`,
    token,
    asked,
    parameters: input.ExecutionParameters,
    state: 'QUEUED',
    submitted: now.getTime(),
    scannedBytes: 0,
  }
  start({ execution, planned, now, workGroup })
  return execution
}

function checkFields(input: StartQueryExecutionInput): string {
  validate(input, {
    QueryString: { type: 'string', required: true, min: 1 },
    ClientRequestToken: { type: 'string' },
    WorkGroup: { type: 'string' },
    QueryExecutionContext: { type: 'structure' },
    ResultConfiguration: { type: 'structure' },
    ExecutionParameters: { type: 'list', min: 1 },
  })
  const token = input.ClientRequestToken
  if (token === undefined || token === null) throw invalidRequest('clientRequestToken is null or empty')
  validate(input, { ClientRequestToken: { type: 'string', min: 32, max: 128 } })
  if (Buffer.byteLength(token) > 128) throw invalidRequest('clientRequestToken exceeds maximum allowed length 128')
  if (Buffer.byteLength(input.QueryString!) > 262_144)
    throw invalidRequest(
      "1 validation error detected: Value at 'queryString' failed to satisfy constraint: Member must have length less than or equal to 262144",
    )
  const catalog = input.QueryExecutionContext?.Catalog
  if (catalog !== undefined && catalog.toLowerCase() !== 'awsdatacatalog')
    throw invalidRequest(`DataCatalog ${catalog} was not found`)
  return token
}

/** The work group's place when it is enforced, else the caller's, else the work group's. */
function outputPrefix(input: StartQueryExecutionInput, workGroup: WorkGroup, storage: Storage): string {
  const asked = input.ResultConfiguration?.OutputLocation
  const chosen = workGroup.enforced ? (workGroup.outputLocation ?? asked) : (asked ?? workGroup.outputLocation)
  if (chosen === undefined)
    throw invalidRequest(
      'No output location provided. An output location is required either through the Workgroup result configuration setting or as an API input.',
    )
  const place = parseS3(chosen)
  if (!place) throw invalidRequest('outputLocation is not a valid S3 path.')
  if (!storage.hasBucket(place.bucket)) throw invalidRequest(`Unable to verify/create output bucket ${place.bucket}`)
  return `s3://${place.bucket}/${place.key === '' ? '' : place.key.replace(/\/?$/, '/')}`
}

async function plan(input: StartQueryExecutionInput, tools: StartTools, workGroup: WorkGroup, now: Date): Promise<PlannedQuery> {
  const { catalog, storage, statements, translator } = tools
  try {
    return await planQuery(input.QueryString!, {
      catalog,
      translator,
      storage,
      database: currentDatabase(input.QueryExecutionContext?.Database),
      parameters: input.ExecutionParameters && asExpressions(input.ExecutionParameters, now),
      now,
      prepared: name => statements.prepared(workGroup.name, name)?.sql,
    })
  } catch (error) {
    if (error instanceof QueryError) throw invalidRequest(error.message, 'MALFORMED_QUERY')
    throw error
  }
}

/** Views answer to DESCRIBE and SHOW COLUMNS under another name. */
function types(statement: Statement, catalog: Catalog, database: string): { type: Execution['type']; subtype: string } {
  if (statement.kind === 'describe' || statement.kind === 'show columns') {
    const table = lookUp(catalog, statement.name.database ?? database, statement.name.table)
    if (table && isView(table)) return { type: 'UTILITY', subtype: 'DESC_VIEW' }
  }
  return statementTypes(statement)
}

/** The result object's name: rows are .csv, text .txt, and statements that write have none. */
function resultName(statement: Statement, id: string): string {
  switch (statement.kind) {
    case 'query':
    case 'show functions':
    case 'execute':
      return `${id}.csv`
    case 'create table as':
      return `tables/${id}`
    case 'insert':
    case 'unload':
      return id
    default:
      return `${id}.txt`
  }
}
