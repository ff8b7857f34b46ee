import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { LabError } from '../../lib/errors.ts'

/** The oldest Java that Kafka 3.9's broker is not deprecated on. */
const oldest = 17

/** The `java` to run Kafka with (JAVA_HOME first, then PATH); throws with how to get one. */
export function findJava(env: NodeJS.ProcessEnv = process.env, platform: NodeJS.Platform = process.platform): string {
  const java = env.JAVA_HOME ? join(env.JAVA_HOME, 'bin', 'java') : 'java'
  const where = env.JAVA_HOME ? `JAVA_HOME is ${env.JAVA_HOME}, so ${java}` : 'java on the PATH'
  // `java -version` writes to stderr; macOS has a stub that fails when no JDK is there
  const answer = spawnSync(java, ['-version'], { env, encoding: 'utf8' })
  const version = javaVersion(answer.stderr ?? '')
  if (answer.status !== 0 || version === undefined) {
    const seen = answer.error ? 'not found' : `no Java that runs: ${firstLine(answer.stderr) || `exit code ${answer.status}`}`
    throw new LabError('JAVA', `Java: ${where}: ${seen}. ${howToGetJava(platform)}`)
  }
  if (version < oldest)
    throw new LabError(
      'JAVA',
      `Java: ${where} is version ${version}, Kafka 3.9 wants ${oldest} or newer. ${howToGetJava(platform)}`,
    )
  return java
}

const firstLine = (text: string): string => text.trim().split('\n')[0] as string

/** The major version in what `java -version` prints: 8 for "1.8.0_392", 17 for "17.0.21". */
export function javaVersion(text: string): number | undefined {
  const found = /version "(?:1\.)?(\d+)/.exec(text)
  return found ? Number(found[1]) : undefined
}

/** One sentence on how a JDK comes onto this system. */
export function howToGetJava(platform: NodeJS.Platform): string {
  const ways: Partial<Record<NodeJS.Platform, string>> = {
    darwin: 'Get one: brew install --cask corretto@17',
    linux:
      'Get one: sudo apt-get install openjdk-17-jre-headless (Debian, Ubuntu), sudo dnf install java-17-amazon-corretto-headless (Amazon Linux) or java-17-openjdk-headless (Fedora)',
  }
  return `${ways[platform] ?? 'Get JDK 17 from https://adoptium.net'}; or set JAVA_HOME to one that is there.`
}
