import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { lastWords, runningPid, startService, stopService } from '../../../provisioning/kafka/process.ts'
import { temporaryFolder } from '../../helpers/folder.ts'

/** A `java` that says something, then waits, or ends at once. */
function fakeJava(folder: string, body = 'sleep 600 & wait'): string {
  const java = join(folder, 'java')
  writeFileSync(java, `#!/bin/bash\necho "ERROR it is $1"\n${body}\n`)
  chmodSync(java, 0o755)
  return java
}

it('finds its own process again, and never takes another one for it', async () => {
  const dir = join(temporaryFolder())
  const service = { name: 'broker-0', dir }
  expect(await runningPid(service)).toBeUndefined()
  const pid = startService(service, fakeJava(dir), { options: [], main: ['kafka.Kafka'] })
  expect(await runningPid(service)).toBe(pid)
  // another lab's broker-0 whose pid file names this process, as after a reboot
  const elsewhere = { name: 'broker-0', dir: temporaryFolder() }
  for (const text of [String(pid), String(process.pid), '', 'x', '-1', '999999999']) {
    writeFileSync(join(elsewhere.dir, 'broker-0.pid'), text)
    expect(await runningPid(elsewhere), text).toBeUndefined()
  }
  expect(await stopService(elsewhere)).toBe(false)
  expect(await runningPid(service)).toBe(pid)
  expect(await stopService(service, { signal: 'SIGKILL' })).toBe(true)
  expect(await stopService(service)).toBe(false)
})

it('stops what ignores the signal, after its grace time', async () => {
  const dir = temporaryFolder()
  const service = { name: 'broker-0', dir }
  startService(service, fakeJava(dir, "trap '' TERM; while :; do sleep 0.1; done"), { options: [], main: ['kafka.Kafka'] })
  expect(await stopService(service, { graceMs: 300 })).toBe(true)
  expect(await runningPid(service)).toBeUndefined()
})

it('tells the last words of the last start only, and where all of them are', async () => {
  const dir = temporaryFolder()
  const service = { name: 'zookeeper', dir }
  const log = join(dir, 'zookeeper.log')
  for (const word of ['first', 'second']) {
    startService(service, fakeJava(dir, `echo "ERROR ${word}"`), { options: [], main: [] })
    await expect.poll(() => readFileSync(log, 'utf8'), { timeout: 20_000 }).toContain(`ERROR ${word}`)
  }
  expect(lastWords(service)).toMatch(
    /^ERROR it is -Dtickerlake\.service=zookeeper@[0-9a-f]{16}\nERROR second\nall of it: .*zookeeper\.log$/,
  )
})
