import type { HostContext } from './context.ts'
import { fileDiffers, type RemoteFile, writeFiles } from './files.ts'
import { runAlone } from './run-alone.ts'
import type { Step } from './step.ts'

const folders = ['/var/lib/kafka', '/var/lib/lab-zookeeper', '/var/log/kafka']
/** A file that only takes room: deleting it gives a full disk the space to recover. */
export const ballast = '/var/lib/lab-ballast'
const ballastMiB = 64
const journal: RemoteFile = {
  path: '/etc/systemd/journald.conf.d/90-lab.conf',
  content: '[Journal]\nSystemMaxUse=100M\n',
  mode: 644,
}

/** The service user, its folders (none of them under /tmp), and bounds for what it may fill. */
export const user: Step<HostContext> = {
  title: 'service user and folders',
  async check({ host }) {
    const shown = await host.run`getent passwd kafka >/dev/null || echo 'no user kafka'
      for d in ${folders}; do [ "$(stat -c %U:%G:%a "$d" 2>/dev/null)" = kafka:kafka:750 ] || echo "$d is missing or not kafka's"; done
      [ -e ${ballast} ] || echo 'no ballast file'`
    return [...shown.split('\n').filter(Boolean), ...(await fileDiffers(host, [journal]))]
  },
  async apply({ host }) {
    if ((await fileDiffers(host, [journal])).length) {
      await writeFiles(host, [journal])
      await host.run`systemctl restart systemd-journald`
    }
    await host.run`getent passwd kafka >/dev/null || useradd --system --user-group --home-dir /var/lib/kafka --shell "$(command -v nologin || echo /usr/sbin/nologin)" kafka
      for d in ${folders}; do install -d -o kafka -g kafka -m 750 "$d"; done
      [ -e ${ballast} ] || dd if=/dev/zero of=${ballast} bs=1M count=${ballastMiB} status=none`
  },
}

if (import.meta.main) runAlone(user)
