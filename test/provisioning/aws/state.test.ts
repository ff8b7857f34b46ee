import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readState, saveState } from '../../../provisioning/aws/state.ts'
import { temporaryFolder } from '../../helpers/folder.ts'

describe('state', () => {
  it('survives, is for its owner only, and is as good as lost when it is damaged', () => {
    const folder = join(temporaryFolder(), 'aws')
    saveState(folder, {}, { account: '1', cidr: '203.0.113.7/32' })
    expect(readState(folder)).toEqual({ account: '1', cidr: '203.0.113.7/32' })
    expect(statSync(join(folder, 'state.json')).mode & 0o777).toBe(0o600)
    for (const text of ['', '{"account":', '\0\0\0', '[]', '{"account":1}']) {
      writeFileSync(join(folder, 'state.json'), text)
      const said: string[] = []
      expect(
        readState(folder, line => said.push(line)),
        text,
      ).toEqual({})
      expect(said.join()).toMatch(/state\.json is damaged; going on without it/)
    }
  })
  it('takes what a later version wrote into it', () => {
    const folder = join(temporaryFolder(), 'aws')
    saveState(folder, {}, { account: '1' })
    writeFileSync(join(folder, 'state.json'), '{"account":"1","colour":"blue"}')
    expect(readState(folder)).toEqual({ account: '1' })
  })
})
