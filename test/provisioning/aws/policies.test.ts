import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { names } from '../../../provisioning/aws/names.ts'
import { policy, type PolicyName, trust } from '../../../provisioning/aws/policies.ts'
import { loadConfig } from '../../../lib/config.ts'

const place = { account: '111122223333', region: 'eu-west-1' }
const context = { ...place, names: names(loadConfig({}), place) }
const all: PolicyName[] = ['sink', 'crawler', 'analyst', 'learner']
const list = (value: string | string[]): string[] => (Array.isArray(value) ? value : [value])

/** Everything of lib/ that may call AWS, as one text. */
const lib = readdirSync(join(import.meta.dirname, '../../../lib'), { recursive: true, encoding: 'utf8' })
  .filter(file => file.endsWith('.ts') && !/^(local|dist)\//.test(file))
  .map(file => readFileSync(join(import.meta.dirname, '../../../lib', file), 'utf8'))
  .join('\n')

const calls = (pattern: RegExp): boolean => pattern.test(lib)
const sql = calls(/startQueryExecution\(/)

/** Which call of lib/ needs a right, or who else uses it and where that is written. */
const neededBy: Record<string, boolean | string> = {
  's3:PutObject': calls(/\.putObject\(/),
  's3:GetObject': calls(/\.(getObject|headObject)\(/),
  's3:ListBucket': calls(/\.(listObjectsV2|headBucket)\(|ListObjectsV2/),
  's3:DeleteObject': calls(/\.deleteObjects?\(/),
  's3:GetBucketLocation': 'Athena, for the place of its results (Athena user guide, "S3 permissions")',
  'athena:StartQueryExecution': sql,
  'athena:GetQueryExecution': calls(/\.getQueryExecution\(/),
  'athena:GetQueryResults': calls(/\.getQueryResults\(/),
  'athena:StopQueryExecution': calls(/\.stopQueryExecution\(/),
  'glue:CreateCrawler': calls(/\.createCrawler\(/),
  'glue:UpdateCrawler': calls(/\.updateCrawler\(/),
  'glue:GetCrawler': calls(/\.getCrawler\(/),
  'glue:StartCrawler': calls(/\.startCrawler\(/),
  'glue:DeleteCrawler': calls(/\.deleteCrawler\(/),
  'glue:CreateDatabase': calls(/\.createDatabase\(/),
  'glue:DeleteDatabase': calls(/\.deleteDatabase\(/),
  'glue:GetDatabase': sql, // Athena on the caller's behalf, and the crawler
  'glue:GetTable': calls(/\.getTable\(/),
  'glue:GetTables': calls(/\.getTables\(/),
  'glue:CreateTable': sql, // CREATE VIEW, and the crawler
  'glue:UpdateTable': sql, // CREATE OR REPLACE VIEW, and the crawler
  'glue:GetPartition': sql,
  'glue:GetPartitions': sql,
  'glue:BatchGetPartition': sql,
  'glue:BatchCreatePartition': 'the crawler (Glue developer guide, "Crawler prerequisites")',
  'glue:BatchUpdatePartition': 'the crawler (Glue developer guide, "Crawler prerequisites")',
  'logs:CreateLogGroup': 'the crawler writes its log',
  'logs:CreateLogStream': 'the crawler writes its log',
  'logs:PutLogEvents': 'the crawler writes its log',
  'iam:PassRole': calls(/\.createCrawler\(/),
}

describe.each(all)('policy %s', name => {
  const document = policy(name, context)
  const text = JSON.stringify(document)

  it('is well formed', () => {
    expect(document.Version).toBe('2012-10-17')
    const sids = document.Statement.map(({ Sid }) => Sid)
    expect(new Set(sids).size).toBe(sids.length)
    for (const sid of sids) expect(sid).toMatch(/^[A-Za-z0-9]+$/)
    expect(text).not.toMatch(/[{][a-z]+[}]/)
  })

  it('has no wildcard among its rights, and never all resources', () => {
    for (const { Action, Resource, Effect } of document.Statement) {
      expect(Effect).toBe('Allow')
      for (const action of list(Action)) expect(action).toMatch(/^[a-z0-9]+:[A-Za-z]+$/)
      for (const resource of list(Resource)) expect(resource).toMatch(/^arn:aws:[a-z0-9]+:[^*]*:[^*]*:[^*]+/)
    }
  })

  it('has only rights that a call needs', () => {
    for (const { Action } of document.Statement) for (const action of list(Action)) expect(neededBy[action], action).toBeTruthy()
  })

  it('covers the default names and lesson-*, nothing else', () => {
    for (const resource of document.Statement.flatMap(({ Resource }) => list(Resource))) {
      const tail = resource.split(':').slice(5).join(':')
      expect(tail, resource).toMatch(
        /^(tickerlake-111122223333-eu-west-1(\/(quotes\/|lesson-|results\/)\*)?|catalog|(database|table)\/(realtime_de_db|lesson_\*)(\/\*)?|crawler\/(quotes-crawler|lesson-\*)|workgroup\/tickerlake|role\/tickerlake\/tickerlake-crawler|log-group:\/aws-glue\/crawlers\*)$/,
      )
    }
  })
})

it('lends the crawler role to Glue only, for this account only', () => {
  expect(trust('crawler', place)).toMatchObject({
    Statement: [
      { Principal: { Service: 'glue.amazonaws.com' }, Condition: { StringEquals: { 'aws:SourceAccount': place.account } } },
    ],
  })
  const pass = policy('learner', context).Statement.find(({ Action }) => Action === 'iam:PassRole')
  expect(pass?.Condition).toEqual({ StringEquals: { 'iam:PassedToService': 'glue.amazonaws.com' } })
})

it('stays within what IAM takes, however long the names are: 10,240 characters for a role, 5,120 for a group', () => {
  const long = {
    ...context,
    names: { ...context.names, bucket: 'b'.repeat(63), prefix: 'a-long-folder/quotes/', database: 'd'.repeat(60) },
  }
  const length = (name: PolicyName): number => JSON.stringify(policy(name, long)).length
  expect(length('crawler')).toBeLessThan(10_240)
  expect(length('sink') + length('analyst') + length('learner')).toBeLessThan(5120)
})
