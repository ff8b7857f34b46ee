import { encodeProperties, log4j, zookeeperProperties } from '../kafka/properties.ts'
import type { HostContext } from './context.ts'
import { fileDiffers, type RemoteFile, startUnit, unitDiffers, writeFiles } from './files.ts'
import { runAlone } from './run-alone.ts'
import type { Step } from './step.ts'
import { environment, zookeeperUnit } from './units.ts'

const unit = 'lab-zookeeper'
const properties = {
  ...zookeeperProperties({ dataDir: '/var/lib/lab-zookeeper' }),
  '4lw.commands.whitelist': 'ruok,srvr,mntr,dump',
}

const files: RemoteFile[] = [
  { path: '/etc/lab/log4j.properties', content: log4j, mode: 644, restarts: unit },
  { path: '/etc/lab/zookeeper.properties', content: encodeProperties(properties), mode: 644, restarts: unit },
  {
    path: '/etc/lab/zookeeper.env',
    content: environment({ heap: '-Xmx128M -Xms64M', name: 'zookeeper' }),
    mode: 644,
    restarts: unit,
  },
  { path: '/etc/systemd/system/lab-zookeeper.service', content: zookeeperUnit, mode: 644, restarts: unit },
]

/** ZooKeeper on loopback as a systemd unit with a small heap. */
export const zookeeper: Step<HostContext> = {
  title: 'ZooKeeper',
  skip: ({ kraft }) => (kraft ? 'KRaft needs none' : undefined),
  check: async ({ host }) => [...(await fileDiffers(host, files)), ...(await unitDiffers(host, unit))],
  async apply({ host }) {
    await writeFiles(host, files)
    await startUnit(host, unit)
  },
}

if (import.meta.main) runAlone(zookeeper)
