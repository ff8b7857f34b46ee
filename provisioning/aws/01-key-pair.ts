import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { $ } from 'zx'
import type { Step } from '../host/step.ts'
import { ifThere } from './cli.ts'
import type { AwsContext } from './context.ts'
import { tagSpecification } from './names.ts'
import { runAlone } from './run-alone.ts'

/** The private key; it is made here and never travels. */
export const keyFile = (dir: string): string => join(dir, 'key')

/** An ed25519 key pair of the lab's own. */
export const keyPair: Step<AwsContext> = {
  title: 'key pair',
  skip: ({ options }) => (options.kafka === false ? 'no Kafka host' : undefined),
  async check({ aws, names, dir }) {
    const found = await ifThere(aws<{ KeyPairs: { KeyPairId: string }[] }>`ec2 describe-key-pairs --key-names ${names.key}`)
    return [
      ...(existsSync(keyFile(dir)) ? [] : ['no private key here']),
      ...(found?.KeyPairs.length ? [] : [`key pair ${names.key} is not on AWS`]),
    ]
  },
  async apply({ aws, names, dir }) {
    const file = keyFile(dir)
    if (!existsSync(file)) {
      // a key whose private half is lost opens nothing
      await ifThere(aws`ec2 delete-key-pair --key-name ${names.key}`)
      rmSync(`${file}.pub`, { force: true })
      mkdirSync(dir, { recursive: true, mode: 0o700 })
      rmSync(`${file}.making`, { force: true })
      await $({ quiet: true })`ssh-keygen -q -t ed25519 -N ${''} -C tickerlake -f ${file}.making`
      await $({ quiet: true })`mv ${file}.making.pub ${file}.pub`
      await $({ quiet: true })`mv ${file}.making ${file}`
    }
    const tags = tagSpecification('key-pair', names.key, names)
    await aws`ec2 import-key-pair --key-name ${names.key} --public-key-material ${`fileb://${file}.pub`} --tag-specifications ${tags}`
  },
}

if (import.meta.main) runAlone(keyPair)
