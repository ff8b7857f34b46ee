import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ifThere, isLookUp, openAws, unless, words } from '../../../provisioning/aws/cli.ts'
import { temporaryFolder } from '../../helpers/folder.ts'

const split = (parts: TemplateStringsArray, ...values: (string | number | string[])[]): string[] => words(parts, values)

describe('words', () => {
  it('splits at its own blanks only', () =>
    expect(split`ec2 describe-instances   --ids ${'a b'}\n  --x`).toEqual(['ec2', 'describe-instances', '--ids', 'a b', '--x']))
  it('joins a value to the text it touches', () =>
    expect(split`--filters Name=tag:${'Project'},Values=${"it's $(x)"}`).toEqual([
      '--filters',
      "Name=tag:Project,Values=it's $(x)",
    ]))
  it('makes one word of each item of a list, none of an empty one', () =>
    expect(split`a ${['b c', '']} ${[]} d`).toEqual(['a', 'b c', '', 'd']))
  it('keeps an empty value and newlines', () => expect(split`a ${''} ${'1\n2'}`).toEqual(['a', '', '1\n2']))
})

it('tells look-ups from changes', () => {
  for (const operation of ['describe-vpcs', 'get-caller-identity', 'list-users', 'head-bucket', 'wait'])
    expect(isLookUp(['x', operation])).toBe(true)
  for (const operation of [
    'create-bucket',
    'delete-user',
    'put-role-policy',
    'terminate-instances',
    'authorize-security-group-ingress',
    'start-instances',
  ])
    expect(isLookUp(['x', operation])).toBe(false)
})

/** An `aws` of the version, which notes its arguments, one a line, and then does `body`. */
function fakeCli(version: string, body = 'echo {}'): { command: string; log: string } {
  const folder = temporaryFolder()
  const [command, log] = [join(folder, 'aws'), join(folder, 'log')]
  writeFileSync(
    command,
    `#!/bin/bash\n[ "$1" = --version ] && { echo 'aws-cli/${version} Python/3'; exit; }\nprintf '%s\\n' "$@" PAGER="$AWS_PAGER" >> '${log}'\n${body}\n`,
  )
  chmodSync(command, 0o755)
  return { command, log }
}

describe('openAws', () => {
  it.each([
    ['1.45.11', false],
    ['2.9.19', true],
  ])('calls version %s with region, endpoint and JSON, without a pager', async (version, pagerOption) => {
    const { command, log } = fakeCli(version)
    const said: string[] = []
    const aws = await openAws({ region: 'eu-west-1', command, endpoint: 'http://127.0.0.1:9', say: line => said.push(line) })
    expect(await aws`iam get-role --role-name ${'$(touch x) "y"'}`).toEqual({})
    const args = readFileSync(log, 'utf8').trim().split('\n')
    expect(args).toContain('$(touch x) "y"')
    expect(args.join(' ')).toContain('--region eu-west-1 --output json --endpoint-url http://127.0.0.1:9')
    expect(args.includes('--no-cli-pager')).toBe(pagerOption)
    expect(args.at(-1)).toBe('PAGER=')
    expect(said).toEqual([`$ aws iam get-role --role-name '$(touch x) "y"' --endpoint-url http://127.0.0.1:9`])
  })

  it.each([
    ['An error occurred (InvalidPermission.Duplicate) when calling the X operation: there', 'InvalidPermission.Duplicate'],
    ['An error occurred (404) when calling the HeadBucket operation: Not Found', 'NotFound'],
    ['An error occurred (403) when calling the HeadBucket operation: Forbidden', 'Forbidden'],
    ['Unable to locate credentials. You can configure credentials by running "aws configure".', 'Credentials'],
    ['Could not connect to the endpoint URL: "http://x"', 'Connect'],
    ['aws: error: argument operation: Invalid choice', 'CLI'],
  ])('reads %j, whatever the exit code', async (words, code) => {
    for (const exit of [254, 255]) {
      const { command } = fakeCli('1.0.0', `echo '${words}' >&2; exit ${exit}`)
      const aws = await openAws({ region: 'x', command, say: () => {} })
      await expect(aws`ec2 describe-vpcs`).rejects.toMatchObject({ name: 'AwsError', code })
    }
  })

  it.each([
    [255, 'The config profile (lab) could not be found', 'there is no such profile'],
    [255, 'The SSO session associated with this profile has expired or is otherwise invalid.', 'aws sso login'],
    [255, 'Error when retrieving token from sso: Token has expired and refresh failed', 'aws sso login'],
    [255, 'Error loading SSO Token: Token for https://x.awsapps.com/start does not exist', 'aws sso login'],
    [253, 'Partial credentials found in env, missing: AWS_SECRET_ACCESS_KEY', 'half of a pair of keys'],
    [253, 'Unable to locate credentials. You can configure credentials by running "aws login".', 'no credentials'],
    [254, 'An error occurred (ExpiredToken) when calling the GetCallerIdentity operation: x', "the session's token has expired"],
    [254, 'An error occurred (ExpiredTokenException) when calling the GetTables operation: x', "the session's token has expired"],
  ])('ended with %d and %j: names the true cause', async (exit, words, sentence) => {
    const { command } = fakeCli('1.0.0', `echo '${words}' >&2; exit ${exit}`)
    const aws = await openAws({ region: 'x', command, say: () => {} })
    await expect(aws`sts get-caller-identity`).rejects.toThrow(sentence)
  })

  it('takes "not there" for an answer, and nothing else', async () => {
    const missing = await openAws({
      region: 'x',
      say: () => {},
      command: fakeCli('1.0.0', 'echo "An error occurred (NoSuchEntity) when" >&2; exit 254').command,
    })
    expect(await ifThere(missing`iam get-role`)).toBeUndefined()
    expect(await unless(['NoSuchEntity'], missing`iam delete-role`)).toBe(false)
    const denied = await openAws({
      region: 'x',
      say: () => {},
      command: fakeCli('1.0.0', 'echo "An error occurred (AccessDenied) when" >&2; exit 254').command,
    })
    await expect(ifThere(denied`iam get-role`)).rejects.toMatchObject({ code: 'AccessDenied' })
    await expect(unless(['NoSuchEntity'], denied`iam delete-role`)).rejects.toMatchObject({ code: 'AccessDenied' })
  })

  it('says where to get the CLI when there is none', () =>
    expect(openAws({ region: 'x', command: '/nonexistent/aws' })).rejects.toThrow('AWS_CLI'))
})
