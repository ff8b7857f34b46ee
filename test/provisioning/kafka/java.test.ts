import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { findJava, howToGetJava, javaVersion } from '../../../provisioning/kafka/java.ts'
import { temporaryFolder } from '../../helpers/folder.ts'

it.each([
  ['openjdk version "17.0.15" 2025-04-15', 17],
  ['java version "1.8.0_392"', 8],
  ['openjdk version "21" 2023-09-19', 21],
  ['bash: java: command not found', undefined],
])('reads %j as %s', (text, version) => expect(javaVersion(text)).toBe(version))

/** A JAVA_HOME whose java says this and ends with that. */
function fakeHome(says: string, code = 0): string {
  const home = temporaryFolder()
  mkdirSync(join(home, 'bin'))
  writeFileSync(join(home, 'bin', 'java'), `#!/bin/sh\necho '${says}' >&2\nexit ${code}\n`)
  chmodSync(join(home, 'bin', 'java'), 0o755)
  return home
}

it('says that JAVA_HOME leads nowhere, even when another java is on the PATH', () =>
  expect(() => findJava({ ...process.env, JAVA_HOME: "/no such/jdk's home" }, 'linux')).toThrow(
    /JAVA_HOME is \/no such\/jdk's home, so .*\/bin\/java: not found.*or set JAVA_HOME to one that is there/,
  ))

it('takes the java of JAVA_HOME', () => {
  const home = fakeHome('openjdk version "17.0.1"')
  expect(findJava({ JAVA_HOME: home })).toBe(join(home, 'bin', 'java'))
})

it('refuses one that is too old, with the way to a newer one', () => {
  const home = fakeHome('openjdk version "11.0.2"')
  expect(() => findJava({ JAVA_HOME: home }, 'linux')).toThrow(/is version 11, Kafka 3\.9 wants 17.*apt-get install openjdk-17/)
})

it('says how to get one where there is none, or only the stub of macOS', () => {
  expect(() => findJava({ PATH: temporaryFolder() }, 'linux')).toThrow(/not found.*dnf install java-17-amazon-corretto/)
  expect(() => findJava({ JAVA_HOME: fakeHome('No Java runtime present', 1) }, 'darwin')).toThrow(
    /JAVA_HOME is .*No Java runtime present.*brew install/,
  )
  expect(howToGetJava('win32')).toContain('adoptium.net')
})
