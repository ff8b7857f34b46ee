import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { type RunningCli, startCli, startScript } from '../../helpers/cli.ts'
import type { Cli, Moto } from '../../helpers/moto.ts'
import type { AwsDrill } from './drill.ts'

const account = '123456789012' // moto's
const script = join(import.meta.dirname, 'up-without-kafka.ts')

/**
 * Kills `aws up` (all steps on AWS, the instance too) with SIGKILL at a random line of what it says: between calls, during one,
 * between one and the state file. `up` repairs it, also without the state file, and `down` leaves nothing.
 */
export async function killAndRepair(moto: Moto, cli: Cli, drill: AwsDrill): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "it's $(x) "))
  const keys = { AWS_ACCESS_KEY_ID: 'testing', AWS_SECRET_ACCESS_KEY: 'testing', AWS_REGION: 'us-east-1' }
  const env = { LAB_DIR: folder, AWS_ENDPOINT_URL: moto.endpoint, AWS_CLI: cli.command, ...keys }
  const up = (): RunningCli => startScript(script, [account, '203.0.113.7/32'], env)
  const down = () => startCli(['aws', 'down', '--yes', '--account', account], env).ended
  const lost = ['never', 'before up', 'before down'][Math.floor(Math.random() * 3)]
  const loseState = (): void => rmSync(join(folder, 'aws', 'state.json'), { force: true })
  try {
    const line = await killAtRandom(up, async () => {
      await moto.reset()
      rmSync(folder, { recursive: true })
    })
    const what = `killed at line ${line}, state file lost: ${lost}`
    if (lost === 'before up') loseState()
    const repaired = await up().ended
    expect(repaired.code, `${what}\n${repaired.stdout}${repaired.stderr}`).toBe(0)
    expect(repaired.stdout, what).toMatch(/ok, 0 skipped/)
    if (lost === 'before down') loseState()
    const ended = await down()
    expect(ended.stdout, `${what}\n${ended.stdout}${ended.stderr}`).toContain('proved: nothing is left')
    await drill.expectNothing()
    expect((await down()).stdout).toContain('nothing is there')
    console.log(`${what}: repaired and taken down`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Kills it at a random line and answers which; one that came to its end before is no kill: all is undone, and an earlier line drawn. */
async function killAtRandom(up: () => RunningCli, undo: () => Promise<void>): Promise<number> {
  for (let last = 70; ;) {
    const line = 1 + Math.floor(Math.random() * last)
    const { child, written, ended } = up()
    const lines = (): number => written().split('\n').length - 1
    child.stdout?.on('data', () => {
      if (lines() >= line) child.kill('SIGKILL')
    })
    const { code, stderr } = await ended
    if (child.signalCode === 'SIGKILL') return line
    expect(code, stderr).toBe(0)
    last = Math.min(last, lines()) - 1
    expect(last, 'aws up says nothing').toBeGreaterThan(20)
    await undo()
  }
}
