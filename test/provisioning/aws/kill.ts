import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { startCli } from '../../helpers/cli.ts'
import type { Cli, Moto } from '../../helpers/moto.ts'
import type { AwsDrill } from './drill.ts'

const up = ['up', '--yes', '--no-kafka', '--user', '--cidr', '203.0.113.7/32']

/**
 * Kills `tickerlake aws up`, the real command, with SIGKILL at a random line of what it says: between calls, during one, between one
 * and the state file. `up` repairs it, also without the state file, and `down` leaves nothing.
 */
export async function killAndRepair(moto: Moto, cli: Cli, drill: AwsDrill): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "it's $(x) "))
  const keys = { AWS_ACCESS_KEY_ID: 'testing', AWS_SECRET_ACCESS_KEY: 'testing', AWS_REGION: 'us-east-1' }
  const env = { LAB_DIR: folder, AWS_ENDPOINT_URL: moto.endpoint, AWS_CLI: cli.command, ...keys }
  const aws = (...args: string[]) => startCli(['aws', ...args, '--account', '123456789012'], env)
  const [line, lost] = [5 + Math.floor(Math.random() * 55), ['never', 'before up', 'before down'][Math.floor(Math.random() * 3)]]
  const what = `killed at line ${line}, state file lost: ${lost}`
  const loseState = (): void => rmSync(join(folder, 'aws', 'state.json'), { force: true })
  try {
    const killed = aws(...up)
    killed.child.stdout?.on('data', () => {
      if (killed.written().split('\n').length >= line) killed.child.kill('SIGKILL')
    })
    await killed.ended
    if (lost === 'before up') loseState()
    const repaired = await aws(...up).ended
    expect(repaired.code, `${what}\n${repaired.stdout}${repaired.stderr}`).toBe(0)
    if (lost === 'before down') loseState()
    const down = await aws('down', '--yes').ended
    expect(down.stdout, `${what}\n${down.stdout}${down.stderr}`).toContain('proved: nothing is left')
    await drill.expectNothing()
    expect((await aws('down', '--yes').ended).stdout).toContain('nothing is there')
    console.log(`${what}: repaired and taken down`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
