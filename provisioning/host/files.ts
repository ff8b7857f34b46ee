import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import type { Host } from './ssh.ts'

/** A file as it should be on the host. */
export interface RemoteFile {
  path: string
  content: string
  /** Octal, such as 640. */
  mode: number
  /** `user:group`; root:root when not given. */
  owner?: string
  /** The unit that must be restarted when the file changes. */
  restarts?: string
}

/** The files that are missing or differ in content, mode or owner. */
export async function staleFiles(host: Host, files: RemoteFile[]): Promise<RemoteFile[]> {
  const shown = await host.run`for f in ${files.map(file => file.path)}; do
    [ -f "$f" ] && printf '%s %s\n' "$(sha256sum < "$f" | cut -d' ' -f1)" "$(stat -c '%a %U:%G' "$f")" || echo missing
  done`
  const lines = shown.split('\n')
  return files.filter((file, index) => lines[index] !== wanted(file))
}

const wanted = ({ content, mode, owner = 'root:root' }: RemoteFile): string =>
  `${createHash('sha256').update(content).digest('hex')} ${mode} ${owner}`

/** What stale files look like in a step's report. */
export async function fileDiffers(host: Host, files: RemoteFile[]): Promise<string[]> {
  const stale = await staleFiles(host, files)
  return stale.length ? [`not as wanted: ${stale.map(({ path }) => basename(path)).join(' ')}`] : []
}

/** Writes the files that are stale, each in one go; the units they belong to are marked for a restart. */
export async function writeFiles(host: Host, all: RemoteFile[]): Promise<void> {
  const files = await staleFiles(host, all)
  for (const { path, content, mode, owner = 'root:root', restarts } of files) {
    if (restarts) await markRestart(host, restarts)
    await host.run`path=${path}
      mkdir -p "$(dirname "$path")"
      new=$(mktemp "$path.XXXXXX")
      printf %s ${content} > "$new"
      chown ${owner} "$new"; chmod ${mode} "$new"
      mv "$new" "$path"`
  }
  if (files.some(({ path }) => path.startsWith('/etc/systemd/'))) await host.run`systemctl daemon-reload`
}

/** The file that says: this unit runs with settings of yesterday. Under /run: a reboot restarts everything and forgets it, a crash in between does not. */
export const restartMark = (unit: string): string => `/run/lab-restart-${unit}`

/** Remembers on the host that a unit runs with settings of yesterday. */
export const markRestart = async (host: Host, unit: string): Promise<void> => void (await host.run`touch ${restartMark(unit)}`)

/** What a unit needs to run as it should, as words for a person. */
export async function unitDiffers(host: Host, unit: string): Promise<string[]> {
  const shown = await host.run`unit=${unit}
    systemctl is-enabled -q "$unit" || echo "$unit is not enabled"
    systemctl is-active -q "$unit" || echo "$unit does not run"
    if [ -e ${restartMark(unit)} ]; then echo "$unit has new settings"; fi`
  return shown.split('\n').filter(Boolean)
}

/** Enables a unit, starts it, and restarts it when its settings changed. */
export async function startUnit(host: Host, unit: string): Promise<void> {
  await host.run`unit=${unit}
    systemctl enable -q "$unit"
    if [ -e ${restartMark(unit)} ]; then systemctl restart "$unit"; rm ${restartMark(unit)}; else systemctl start "$unit"; fi`
}
