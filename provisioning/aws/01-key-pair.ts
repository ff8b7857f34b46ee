import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { $ } from 'zx'
import { LabError } from '../../lib/errors.ts'
import type { Step } from '../host/step.ts'
import { ifThere } from './cli.ts'
import type { AwsContext } from './context.ts'
import { isTagged, type Tag, tagSpecification } from './names.ts'
import { runAlone } from './run-alone.ts'

/** The private key; it is made here and never travels. */
export const keyFile = (dir: string): string => join(dir, 'key')

/** An ed25519 key pair of the lab's own. */
export const keyPair: Step<AwsContext> = {
  title: 'key pair',
  skip: ({ options }) => (options.kafka === false ? 'no Kafka host' : undefined),
  async check(context) {
    const { names, dir } = context
    const there = await ownKeyPair(context)
    return [
      ...(existsSync(keyFile(dir)) ? [] : ['no private key here']),
      ...(there ? [] : [`key pair ${names.key} is not on AWS`]),
      ...(there && existsSync(keyFile(dir)) && differs(there.PublicKey, dir) ? ['the key pair on AWS is another one'] : []),
    ]
  },
  async apply(context) {
    const { aws, names, dir } = context
    const file = keyFile(dir)
    // a key whose private half is not here opens nothing
    if (await ownKeyPair(context)) await ifThere(aws`ec2 delete-key-pair --key-name ${names.key}`)
    if (!existsSync(file)) {
      rmSync(`${file}.pub`, { force: true })
      mkdirSync(dir, { recursive: true, mode: 0o700 })
      rmSync(`${file}.making`, { force: true })
      await $({ quiet: true })`ssh-keygen -q -t ed25519 -N ${''} -C tickerlake -f ${file}.making`
      await $({ quiet: true })`mv ${file}.making.pub ${file}.pub`
      await $({ quiet: true })`mv ${file}.making ${file}`
    }
    if (!existsSync(`${file}.pub`)) writeFileSync(`${file}.pub`, (await $({ quiet: true })`ssh-keygen -y -f ${file}`).stdout)
    const tags = tagSpecification('key-pair', names.key, names)
    await aws`ec2 import-key-pair --key-name ${names.key} --public-key-material ${`fileb://${file}.pub`} --tag-specifications ${tags}`
  },
}

/** The lab's key pair on AWS, undefined when there is none. Throws LabError KEY_PAIR when one of that name is somebody else's. */
export async function ownKeyPair({ aws, names }: AwsContext): Promise<{ PublicKey?: string } | undefined> {
  const found = await ifThere(
    aws<{
      KeyPairs: { PublicKey?: string; Tags?: Tag[] }[]
    }>`ec2 describe-key-pairs --include-public-key --key-names ${names.key}`,
  )
  const there = found?.KeyPairs[0]
  if (there && !isTagged(there.Tags, names))
    throw new LabError(
      'KEY_PAIR',
      `Key pair ${names.key}: it is there already and does not carry the tag Project=${names.project}, so it is not the lab's to replace. Delete it if nobody needs it: aws ec2 delete-key-pair --key-name ${names.key}`,
    )
  return there
}

/** Whether AWS has another public key than the one that belongs to the file; what cannot be compared is taken for the same. */
function differs(publicKey: string | undefined, dir: string): boolean {
  const own = existsSync(`${keyFile(dir)}.pub`) ? readFileSync(`${keyFile(dir)}.pub`, 'utf8').split(' ')[1] : undefined
  const theirs = publicKey?.split(' ')[1]
  return own !== undefined && theirs !== undefined && own.trim() !== theirs.trim()
}

if (import.meta.main) runAlone(keyPair)
