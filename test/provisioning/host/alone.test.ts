import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { awsSteps } from '../../../provisioning/aws/steps.ts'
import { hostSteps } from '../../../provisioning/host/steps.ts'

it.each([
  ['host', hostSteps.map(step => step.title)],
  ['aws', awsSteps.map(step => step.title)],
])('every step of %s is a script of its own, in the order of its number', (folder, titles) => {
  const dir = join(import.meta.dirname, '../../../provisioning', folder)
  const files = readdirSync(dir)
    .filter(file => /^\d\d-/.test(file))
    .sort()
  expect(files).toHaveLength(titles.length)
  files.forEach((file, index) => {
    const text = readFileSync(join(dir, file), 'utf8')
    expect(text, file).toContain(`title: '${titles[index]}'`)
    expect(text, file).toMatch(/\nif \(import\.meta\.main\) runAlone\(\w+\)\n$/)
  })
})
