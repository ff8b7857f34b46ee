import { describe, expect, it } from 'vitest'
import { callerCidr } from '../../../provisioning/aws/caller.ts'

describe('callerCidr', () => {
  it('asks once and checks the answer', async () => {
    expect(await callerCidr(async () => new Response('198.51.100.4\n'))).toBe('198.51.100.4/32')
    await expect(callerCidr(async () => new Response('<html>'))).rejects.toThrow('Say it yourself')
  })
})
