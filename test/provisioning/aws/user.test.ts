import { expect, it } from 'vitest'
import { user } from '../../../provisioning/aws/09-user.ts'
import { fakeAws } from './fake-aws.ts'

it('names the access keys that it would delete, because their secrets are not here', async () => {
  const { context, changes } = fakeAws(
    {
      'iam list-access-keys': { AccessKeyMetadata: [{ AccessKeyId: 'AKIAOTHER' }] },
      'iam list-groups-for-user': { Groups: [] },
      'iam create-access-key': { AccessKey: { AccessKeyId: 'AKIANEW', SecretAccessKey: 'secret' } },
    },
    { user: true },
  )
  expect(await user.check(context)).toContain('access key AKIAOTHER, whose secret is not here, is to be deleted')
  await user.apply(context)
  expect(changes).toContain('iam delete-access-key --user-name tickerlake-learner --access-key-id AKIAOTHER')
})
