import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import * as athena from '@aws-sdk/client-athena'
import * as glue from '@aws-sdk/client-glue'
import * as s3 from '@aws-sdk/client-s3'
import { athenaService, type AthenaLimits } from '../../../lib/local/athena/service.ts'
import { startAwsServer } from '../../../lib/local/aws/server.ts'
import { openCatalog } from '../../../lib/local/glue/catalog.ts'
import { glueService } from '../../../lib/local/glue/service.ts'
import { s3Service } from '../../../lib/local/s3/service.ts'
import { openStorage } from '../../../lib/local/s3/storage.ts'

const region = 'us-east-1'
const credentials = { accessKeyId: 'test', secretAccessKey: 'test-secret' }

/** S3, Glue and Athena behind one server on a free port. */
export interface AthenaServer {
  url: string
  /** What the services had to say. */
  logged: string[]
  close(): Promise<void>
}

export async function startAthenaServer(dir: string, limits?: AthenaLimits): Promise<AthenaServer> {
  const logged: string[] = []
  const log = (line: string) => void logged.push(line)
  const storage = await openStorage({ dir: join(dir, 's3') })
  const catalog = await openCatalog({ dir: join(dir, 'glue') })
  const glueApi = await glueService({ catalog, storage, dir: join(dir, 'glue'), log })
  const athenaApi = await athenaService({ storage, catalog, dir: join(dir, 'athena'), log, ...(limits && { limits }) })
  const server = await startAwsServer({
    port: 0,
    region,
    credentials,
    s3: s3Service(storage, { region }),
    json: [glueApi, athenaApi],
    log,
  })
  const close = async () => {
    await server.close()
    await athenaApi.close()
    await glueApi.close()
    await catalog.close()
    await storage.close()
  }
  return { url: server.url, logged, close }
}

export interface Answer {
  id: string
  state: string
  /** StateChangeReason, or the message of StartQueryExecution's own error. */
  reason: string
  execution: athena.QueryExecution
  columns: { name: string; type: string }[]
  /** Without the header row. */
  rows: (string | null)[][]
}

export interface Home {
  url: string
  athena: athena.AthenaClient
  glue: glue.GlueClient
  s3: s3.S3Client
  bucket: string
  database: string
  logged: string[]
  /** Runs a statement to its end and fetches all of its rows. */
  query(sql: string, options?: { database?: string; workGroup?: string; parameters?: string[] }): Promise<Answer>
  /** Starts a statement; answers with its id. */
  start(sql: string, options?: Partial<athena.StartQueryExecutionInput>): Promise<string>
  /** Waits until a query has ended. */
  ended(id: string): Promise<athena.QueryExecution>
  put(key: string, body: string | Uint8Array): Promise<void>
  body(key: string): Promise<Buffer>
  /** Keys below a prefix of the bucket. */
  keys(prefix: string): Promise<string[]>
  /** Ends and starts the services again, on the same state. */
  restart(): Promise<void>
  close(): Promise<void>
}

/** Athena for a contract suite: the embedded one, or with `LAB_CLOUD=aws` (or an endpoint's URL) whatever the SDK's own chain leads to. A bucket and
 *  a database of the suite's own. */
export async function openAthenaHome(limits?: AthenaLimits): Promise<Home> {
  const cloud = process.env.LAB_CLOUD ?? 'embedded'
  const dir = mkdtempSync(join(tmpdir(), 'tickerlake-athena-'))
  let server = cloud === 'embedded' ? await startAthenaServer(dir, limits) : undefined
  const name = randomBytes(5).toString('hex')
  const bucket = `contract-${name}`
  const database = `contract_${name}`
  const connect = () => {
    const endpoint = server?.url ?? (cloud === 'aws' ? undefined : cloud)
    const config = { region, maxAttempts: 1, ...(server && { credentials }), ...(endpoint && { endpoint }) }
    return {
      athena: new athena.AthenaClient(config),
      glue: new glue.GlueClient(config),
      s3: new s3.S3Client({ ...config, forcePathStyle: true }),
    }
  }
  const home: Home = {
    ...connect(),
    url: server?.url ?? '',
    bucket,
    database,
    logged: server?.logged ?? [],
    start: async (sql, options = {}) => {
      const input = {
        QueryString: sql,
        ClientRequestToken: randomUUID(),
        QueryExecutionContext: { Database: database },
        ResultConfiguration: { OutputLocation: `s3://${bucket}/results/` },
        ...options,
      }
      return (await home.athena.send(new athena.StartQueryExecutionCommand(input))).QueryExecutionId!
    },
    ended: async id => {
      for (;;) {
        const { QueryExecution } = await home.athena.send(new athena.GetQueryExecutionCommand({ QueryExecutionId: id }))
        if (!['QUEUED', 'RUNNING'].includes(QueryExecution!.Status!.State!)) return QueryExecution!
        await new Promise(resolve => setTimeout(resolve, 10))
      }
    },
    query: (sql, options = {}) => runQuery(home, sql, options),
    put: async (Key, Body) => void (await home.s3.send(new s3.PutObjectCommand({ Bucket: bucket, Key, Body }))),
    body: async Key =>
      Buffer.from(await (await home.s3.send(new s3.GetObjectCommand({ Bucket: bucket, Key }))).Body!.transformToByteArray()),
    keys: async Prefix => {
      const { Contents = [] } = await home.s3.send(new s3.ListObjectsV2Command({ Bucket: bucket, Prefix }))
      return Contents.map(object => object.Key!)
    },
    restart: async () => {
      await server?.close()
      server = await startAthenaServer(dir, limits)
      Object.assign(home, connect(), { url: server.url, logged: server.logged })
    },
    close: async () => {
      for (const client of [home.athena, home.glue, home.s3]) client.destroy()
      await server?.close()
      rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
    },
  }
  await home.s3.send(new s3.CreateBucketCommand({ Bucket: bucket }))
  await home.query(`CREATE DATABASE ${database}`)
  return home
}

/** A home for the whole test file, closed after it. */
export async function athenaHome(limits?: AthenaLimits): Promise<Home> {
  const home = await openAthenaHome(limits)
  afterAll(() => home.close())
  return home
}

async function runQuery(
  home: Home,
  sql: string,
  { database, workGroup, parameters }: { database?: string; workGroup?: string; parameters?: string[] },
): Promise<Answer> {
  const nothing = { id: '', columns: [], rows: [], execution: {} }
  let id: string
  try {
    id = await home.start(sql, {
      QueryExecutionContext: { Database: database ?? home.database },
      ...(workGroup !== undefined && { WorkGroup: workGroup }),
      ...(parameters && { ExecutionParameters: parameters }),
    })
  } catch (error) {
    if (!(error instanceof athena.InvalidRequestException)) throw error
    return { ...nothing, state: error.AthenaErrorCode ?? 'REFUSED', reason: error.message }
  }
  const execution = await home.ended(id)
  const state = execution.Status!.State!
  const reason = execution.Status!.StateChangeReason ?? ''
  if (state !== 'SUCCEEDED') return { ...nothing, id, state, reason, execution }
  return { id, state, reason, execution, ...(await allRows(home, id, execution.StatementType === 'DML')) }
}

async function allRows(home: Home, id: string, header: boolean): Promise<Pick<Answer, 'columns' | 'rows'>> {
  const rows: (string | null)[][] = []
  let columns: Answer['columns'] = []
  let NextToken: string | undefined
  do {
    const page = await home.athena.send(new athena.GetQueryResultsCommand({ QueryExecutionId: id, NextToken }))
    columns = (page.ResultSet?.ResultSetMetadata?.ColumnInfo ?? []).map(({ Name, Type }) => ({ name: Name!, type: Type! }))
    rows.push(...(page.ResultSet?.Rows ?? []).map(row => (row.Data ?? []).map(cell => cell.VarCharValue ?? null)))
    NextToken = page.NextToken
  } while (NextToken)
  return { columns, rows: header ? rows.slice(1) : rows }
}

/** The name, code and message of the error that a call ends with. */
export async function refusal(call: Promise<unknown>): Promise<{ name: string; code: string | undefined; message: string }> {
  try {
    await call
  } catch (error) {
    const { name, message, AthenaErrorCode } = error as Error & { AthenaErrorCode?: string }
    return { name, code: AthenaErrorCode, message }
  }
  throw new Error('the call succeeded')
}
