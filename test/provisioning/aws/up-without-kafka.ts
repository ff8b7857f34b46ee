import { errorMessage } from '../../../lib/errors.ts'
import { up } from '../../../provisioning/aws/up.ts'

/** `aws up` with all its steps on AWS, as a process of its own: moto's instances run nothing on which Kafka could be installed. */
async function main(account: string, cidr: string): Promise<void> {
  await up({ account, cidr, user: true, yes: true }, { setUpKafka: async () => {} })
}

if (import.meta.main) {
  const [account = '', cidr = ''] = process.argv.slice(2)
  void main(account, cidr).catch((error: unknown) => {
    console.error(errorMessage(error))
    process.exitCode = 1
  })
}
