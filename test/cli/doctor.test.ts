import { expect, it } from 'vitest'
import { families } from '../../provisioning/doctor/doctor.ts'
import { doctorCommand } from '../../lib/cli/doctor.ts'
import { runCli } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'

it('offers every part that the doctor has', () =>
  expect(doctorCommand().registeredArguments[0]!.argChoices).toEqual([...families]))

it('ends with 1 when something is wrong, and says it for people and for programs', async () => {
  const env = { LAB_DIR: temporaryFolder() }
  const people = await runCli(['doctor', 'machine', 'kafka'], env)
  expect(people).toMatchObject({ code: 1, stderr: '' })
  expect(people.stdout).toMatch(/^BAD {2}machine the embedded home does not run.*\n +why: .*\n +do: {2}npx tickerlake up/m)
  expect(people.stdout).toMatch(/^- {4}kafka {3}Kafka: the embedded home does not run$/m)
  const program = await runCli(['doctor', 'machine', '--json'], env)
  expect(program.code).toBe(1)
  expect(JSON.parse(program.stdout)).toMatchObject({
    ok: false,
    findings: expect.arrayContaining([expect.objectContaining({ family: 'machine', state: 'wrong' })]),
  })
})

it('ends with 0 when nothing is wrong', async () => {
  const { code, stdout } = await runCli(['doctor', 'host', 'aws'], { LAB_DIR: temporaryFolder() })
  expect({ code, last: stdout.trim().split('\n').at(-1) }).toEqual({ code: 0, last: 'Nothing was looked at.' })
})

it('refuses a part that it has not, and a setting that cannot be', async () => {
  const env = { LAB_DIR: temporaryFolder() }
  expect(await runCli(['doctor', 'heart'], env)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('machine, kafka, host'),
  })
  expect(await runCli(['doctor'], { ...env, LAB_KAFKA: 'host:2181' })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("2181 is ZooKeeper's"),
  })
})
