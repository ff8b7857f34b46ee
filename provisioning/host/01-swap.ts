import type { HostContext } from './context.ts'
import { runAlone } from './run-alone.ts'
import type { Step } from './step.ts'

const neededMiB = 1536
const swapMiB = 1024
const file = '/swapfile'
const sysctl = '/etc/sysctl.d/90-lab.conf'

/** Swap on hosts under 1.5 GiB: two JVMs fit into 1 GiB, package managers beside them do not. */
export const swap: Step<HostContext> = {
  title: 'swap for small hosts',
  async skip({ host }) {
    const [place, memory] = (
      await host.run`systemd-detect-virt --container || true
      awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo`
    ).split('\n')
    if (place !== 'none') return `this is a container (${place}), its swap and sysctls are the outer system's`
    if (Number(memory) >= neededMiB) return `${memory} MiB of memory are enough`
  },
  async check({ host }) {
    const shown = await host.run`file=${file}
      swapon --show=NAME --noheadings | grep -q / || echo 'no swap'
      [ "$(sysctl -n vm.swappiness)" = 10 ] || echo 'swappiness is not 10'
      [ ! -e "$file" ] || grep -q "^$file " /etc/fstab || echo 'no swap after the next boot'
      grep -qsx 'vm.swappiness=10' ${sysctl} || echo 'swappiness is not 10 after the next boot'`
    return shown.split('\n').filter(Boolean)
  },
  async apply({ host }) {
    // dd, not fallocate: swapon refuses files with holes on some file systems
    await host.run`file=${file}
      if ! swapon --show=NAME --noheadings | grep -q /; then
        [ -e "$file" ] || { (umask 077; dd if=/dev/zero of="$file.new" bs=1M count=${swapMiB} status=none); mkswap "$file.new" >/dev/null; mv "$file.new" "$file"; }
        swapon "$file"
      fi
      [ ! -e "$file" ] || grep -q "^$file " /etc/fstab || echo "$file none swap sw 0 0" >> /etc/fstab
      echo 'vm.swappiness=10' > ${sysctl}
      sysctl -q -w vm.swappiness=10`
  },
}

if (import.meta.main) runAlone(swap)
