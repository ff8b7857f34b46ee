import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Athena } from '@aws-sdk/client-athena'
import { Glue } from '@aws-sdk/client-glue'
import { S3 } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { names } from '../../../provisioning/aws/names.ts'
import { policy, type PolicyName, trust } from '../../../provisioning/aws/policies.ts'
import { loadConfig } from '../../../lib/config.ts'
import { type Call, callsOfLab, callsOnItsBehalf, crawlerCalls, whoMakes } from './rights.ts'

const place = { account: '111122223333', region: 'eu-west-1', partition: 'aws' }
const context = { ...place, names: names(loadConfig({}), place) }
const all: PolicyName[] = ['sink', 'crawler', 'analyst', 'learner']
const list = (value: string | string[]): string[] => (Array.isArray(value) ? value : [value])

const root = join(import.meta.dirname, '../../..')
/** Everything of lib/ that may call AWS, and the notebooks, as one text. */
const code = ['lib', 'notebooks']
  .flatMap(folder => readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map(file => join(folder, file)))
  .filter(file => /\.(ts|ipynb)$/.test(file) && !/^lib\/(local|dist|node_modules)\//.test(file))
  .map(file => readFileSync(join(root, file), 'utf8'))
  .join('\n')

/** Whether policies allow an action on a resource: IAM's wildcards, and PassRole's condition. */
function allows(who: PolicyName[], { action, resource }: Call): boolean {
  const matches = (pattern: string, text: string): boolean =>
    new RegExp(`^${pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`).test(text)
  return who
    .flatMap(name => policy(name, context).Statement)
    .some(({ Action, Resource }) => list(Action).includes(action) && list(Resource).some(pattern => matches(pattern, resource)))
}

describe.each([
  { ...context.names, lesson: '' },
  { ...context.names, prefix: 'lesson-03/quotes/', database: 'lesson_03', crawler: 'lesson-03-crawler', lesson: '-lesson' },
])('the rights cover what the lab calls: $prefix', where => {
  const at = { ...context, names: where }

  it.each(callsOfLab(at).map(call => [call.command, call] as const))('%s', (_, call) => {
    const [user, role] = [['sink', 'analyst', 'learner'] as PolicyName[], whoMakes(call)]
    expect(allows(user, call), `user: ${call.action} on ${call.resource}`).toBe(true)
    if (role) expect(allows([role], call), `${role}: ${call.action} on ${call.resource}`).toBe(true)
  })

  it('and what Athena does for who asks', () => {
    for (const call of callsOnItsBehalf(at)) expect(allows(['analyst', 'learner'], call), JSON.stringify(call)).toBe(true)
  })

  it('and what the crawler does', () => {
    for (const call of crawlerCalls(at)) expect(allows(['crawler'], call), JSON.stringify(call)).toBe(true)
  })
})

/** Every command of the SDK that the code calls, whatever its client is called there. */
const made = [S3, Glue, Athena]
  .flatMap(({ prototype }) => Object.getOwnPropertyNames(prototype))
  .filter(command => !['constructor', 'send', 'destroy'].includes(command) && new RegExp(`\\.${command}\\(`).test(code))

it('knows every call of lib/ and the notebooks, and no other', () => {
  const onlyAtHome = ['createBucket', 'createWorkGroup'] // on AWS `aws up` has made both
  const known = new Set(callsOfLab(context).map(({ command }) => command))
  expect([...made].sort()).toEqual([...known, ...onlyAtHome].sort())
})

it('knows calls by the methods of the clients: no command, paginator or waiter is imported', () => {
  expect(code).not.toMatch(/import \{[^}]*\} from '@aws-sdk\/client-/)
})

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
    const calls = [...callsOfLab(context), ...callsOnItsBehalf(context), ...crawlerCalls(context)]
    const needed = new Set(calls.map(({ action }) => action))
    for (const { Action } of document.Statement) for (const action of list(Action)) expect(needed).toContain(action)
  })

  it('covers the default names and lesson-*, nothing else', () => {
    for (const resource of document.Statement.flatMap(({ Resource }) => list(Resource))) {
      const tail = resource.split(':').slice(5).join(':')
      expect(tail, resource).toMatch(
        /^(tickerlake-111122223333-eu-west-1(\/(quotes\/|lesson-|results\/)\*)?|catalog|database\/default|(database|table|userDefinedFunction)\/(realtime_de_db|lesson_\*)(\/\*)?|crawler\/(quotes-crawler|lesson-\*)|workgroup\/tickerlake|role\/tickerlake\/tickerlake-crawler|log-group:\/aws-glue\/crawlers\*)$/,
      )
    }
  })

  it("names China's and GovCloud's things as these do", () => {
    const china = { ...context, partition: 'aws-cn', region: 'cn-north-1' }
    for (const { Resource } of policy(name, china).Statement)
      for (const resource of list(Resource)) expect(resource).toMatch(/^arn:aws-cn:/)
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

it('lets nobody of another account take on the others', () => {
  for (const role of ['sink', 'analyst'] as const)
    expect(trust(role, place)).toMatchObject({ Statement: [{ Principal: { AWS: `arn:aws:iam::${place.account}:root` } }] })
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
