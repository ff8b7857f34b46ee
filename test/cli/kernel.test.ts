import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it, onTestFinished, vi } from 'vitest'
import { kernelCommand } from '../../lib/cli/kernel.ts'

afterEach(() => vi.restoreAllMocks())

it('registers the kernel, says where, and takes it away again', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'kernels-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  const printed = vi.spyOn(console, 'log').mockImplementation(() => undefined)
  const run = (...options: string[]) => kernelCommand().parseAsync(['--dir', dir, ...options], { from: 'user' })
  const file = join(dir, 'tickerlake', 'kernel.json')

  await run()
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
    display_name: 'TypeScript (tickerlake)',
    language: 'typescript',
  })
  expect(printed).toHaveBeenCalledWith(`registered: ${file}`)
  await run('--remove')
  expect(printed).toHaveBeenCalledWith(`removed from ${dir}`)
  await run('--remove')
  expect(printed).toHaveBeenLastCalledWith(`there was none in ${dir}`)
})

it('says when the folder cannot be written', async () => {
  const written = kernelCommand().parseAsync(['--dir', join(import.meta.filename, 'kernels')], { from: 'user' })
  await expect(written).rejects.toMatchObject({ code: 'KERNEL_FOLDER', message: expect.stringContaining('--dir') })
})
