import { expectedSha512 } from '../kafka/releases.ts'
import type { HostContext } from './context.ts'
import { markRestart } from './files.ts'
import { runAlone } from './run-alone.ts'
import type { Step } from './step.ts'

const folder = ({ release }: HostContext): string => `/opt/${release.file.replace(/\.tgz$/, '')}`

/** The Kafka distribution under /opt, verified before it is unpacked; `/opt/kafka` points to the version in use. */
export const kafka: Step<HostContext> = {
  title: 'Kafka',
  async check(context) {
    const there = await context.host.run`[ -f ${`${folder(context)}/.verified`} ] && readlink /opt/kafka || true`
    return there === folder(context) ? [] : [`${folder(context)} is not in use`]
  },
  async apply(context) {
    const { host, release } = context
    // the sum comes to the caller over https and goes to the host as data
    const expected = await expectedSha512(release)
    await host.run`home=${folder(context)} expected=${expected}
      fetch() {
        for url in ${release.urls}; do
          # globoff: brackets and braces in an address are part of it
          if ! curl --globoff -fsSL --retry 1 --retry-delay 2 --connect-timeout 15 --speed-time 30 --speed-limit 1000 -o "$archive" "$url"; then echo "$url: not there" >&2; continue; fi
          found=$(sha512sum < "$archive" | cut -d' ' -f1)
          [ "$found" = "$expected" ] && return 0
          rm -f "$archive"
          printf '%s has a wrong sum and was deleted\n  expected sha512 %s\n  found    sha512 %s\n' "$url" "$expected" "$found" >&2
        done
        return 1
      }
      if [ ! -f "$home/.verified" ]; then
        rm -rf "$home" "$home.new" /opt/kafka.tgz.* # of a run that was killed
        archive=$(mktemp /opt/kafka.tgz.XXXXXX)
        trap 'rm -rf "$archive" "$home.new"' EXIT
        fetch
        mkdir "$home.new"
        tar -xzf "$archive" -C "$home.new" --strip-components 1 --no-same-owner
        chown -R root:root "$home.new"
        echo "$expected" > "$home.new/.verified"
        mv "$home.new" "$home"
      fi
      ln -sfn "$home" /opt/kafka`
    for (const unit of ['lab-zookeeper', 'lab-kafka']) await markRestart(host, unit)
  },
}

if (import.meta.main) runAlone(kafka)
