import type { HostContext } from './context.ts'
import { fileDiffers, type RemoteFile, startUnit, unitDiffers, writeFiles } from './files.ts'
import { runAlone } from './run-alone.ts'
import type { Step } from './step.ts'
import { publicAddressScript, publicAddressUnit } from './units.ts'

const unit = 'lab-public-address'

const files = ({ address }: HostContext): RemoteFile[] => [
  { path: '/etc/lab/address', content: `${address}\n`, mode: 644 },
  { path: '/etc/lab/public-address', content: publicAddressScript, mode: 755, restarts: unit },
  { path: '/etc/systemd/system/lab-public-address.service', content: publicAddressUnit, mode: 644, restarts: unit },
]

/** A unit that asks at every boot for the address the broker must advertise: EC2 gives another one after stop and start. */
export const publicAddress: Step<HostContext> = {
  title: 'public address at every boot',
  check: async context => [...(await fileDiffers(context.host, files(context))), ...(await unitDiffers(context.host, unit))],
  async apply(context) {
    await writeFiles(context.host, files(context))
    await startUnit(context.host, unit)
  },
}

if (import.meta.main) runAlone(publicAddress)
