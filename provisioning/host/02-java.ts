import { javaVersion } from '../kafka/java.ts'
import type { HostContext } from './context.ts'
import { lookAtHost } from './preflight.ts'
import { runAlone } from './run-alone.ts'
import type { Host } from './ssh.ts'
import type { Step } from './step.ts'

/** What the later steps call, and its package where minimal images lack it. */
const tools = {
  debian: { curl: 'curl', openssl: 'openssl', tar: 'tar', gzip: 'gzip', free: 'procps' },
  amazon: { curl: 'curl-minimal', openssl: 'openssl', tar: 'tar', gzip: 'gzip', free: 'procps-ng' },
}

/** Java 17: Corretto by dnf on Amazon Linux, OpenJDK by apt on Debian and Ubuntu (21 where there is no 17, as on Debian 13). */
export const java: Step<HostContext> = {
  title: 'Java 17',
  async check({ host }) {
    const version = javaVersion(await host.run`java -version 2>&1 || true`)
    const java = version === undefined ? ['no Java'] : version < 17 ? [`Java is ${version}`] : []
    return [...java, ...(await missing(host)).map(tool => `no ${tool}`)]
  },
  async apply({ host }) {
    const { family } = await lookAtHost(host)
    const packages = (await missing(host)).map(tool => tools[family][tool])
    if (family === 'amazon') await host.run`dnf install -y -q java-17-amazon-corretto-headless ${packages}`
    else await installByApt(host, packages)
  },
}

async function missing(host: Host): Promise<(keyof typeof tools.debian)[]> {
  const shown = await host.run`for tool in ${Object.keys(tools.debian)}; do command -v "$tool" >/dev/null || echo "$tool"; done`
  return shown.split('\n').filter(Boolean) as (keyof typeof tools.debian)[]
}

async function installByApt(host: Host, packages: string[]): Promise<void> {
  await host.run`export DEBIAN_FRONTEND=noninteractive
    # a fresh instance may hold apt's locks for its own updates; DPkg::Lock::Timeout does not wait for those of lists and archives
    apt() {
      for _ in {1..60}; do
        words=$(apt-get -qq -o DPkg::Lock::Timeout=300 "$@" 2>&1) && return 0
        case $words in *'Could not get lock'*|*'Unable to lock'*) sleep 5 ;; *) break ;; esac
      done
      printf '%s\n' "$words" >&2
      return 1
    }
    mkdir -p /usr/share/man/man1 # the package's own script fails without it on minimal systems
    install() {
      for name in openjdk-17-jre-headless openjdk-21-jre-headless default-jre-headless; do
        if apt-cache show "$name" 2>/dev/null | grep '^Package:' >/dev/null; then apt install -y --no-install-recommends "$name" ${packages}; return; fi
      done
      echo 'apt knows no Java 17 or 21' >&2
      return 1
    }
    install 2>/dev/null || { apt update; install; }`
}

if (import.meta.main) runAlone(java)
