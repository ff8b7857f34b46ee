import { javaVersion } from '../kafka/java.ts'
import type { HostContext } from './context.ts'
import { runAlone } from './run-alone.ts'
import type { Step } from './step.ts'

/** Java 17: Corretto by dnf on Amazon Linux, OpenJDK by apt on Debian and Ubuntu. */
export const java: Step<HostContext> = {
  title: 'Java 17',
  async check({ host }) {
    const version = javaVersion(await host.run`java -version 2>&1 || true`)
    return version !== undefined && version >= 17 ? [] : [version === undefined ? 'no Java' : `Java is ${version}`]
  },
  async apply({ host }) {
    await host.run`. /etc/os-release
      case "$ID $\{ID_LIKE-}" in
        amzn*) dnf install -y -q java-17-amazon-corretto-headless ;;
        debian*|ubuntu*|*debian*)
          export DEBIAN_FRONTEND=noninteractive
          # a fresh instance may still hold the lock for its own updates
          apt="apt-get -qq -o DPkg::Lock::Timeout=300"
          mkdir -p /usr/share/man/man1 # the package's own script fails without it on minimal systems
          apt-cache show openjdk-17-jre-headless >/dev/null 2>&1 || $apt update
          $apt install -y --no-install-recommends openjdk-17-jre-headless >/dev/null || { $apt update; $apt install -y --no-install-recommends openjdk-17-jre-headless >/dev/null; } ;;
        *) echo "expected Amazon Linux, Debian or Ubuntu, got $PRETTY_NAME" >&2; exit 1 ;;
      esac`
  },
}

if (import.meta.main) runAlone(java)
