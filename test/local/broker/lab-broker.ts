import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { startBroker, type Broker } from '../../../lib/local/broker/server.ts'
import { Wire } from '../../contract/kafka/wire.ts'

/** A folder that goes with the test. */
export function temporaryFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'broker-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

export interface LabBroker extends Broker {
  dir: string
  /** What it said, line by line. */
  lines: string[]
  open(): Promise<Wire>
  /** Stops it and starts another one on the same folder. */
  restart(properties?: Record<string, string>): Promise<LabBroker>
}

/** A broker that ends with the test. */
export async function labBroker({
  dir = temporaryFolder(),
  properties = {},
}: { dir?: string; properties?: Record<string, string> } = {}): Promise<LabBroker> {
  const lines: string[] = []
  const broker = await startBroker({ dir, properties, log: line => lines.push(line) })
  onTestFinished(() => broker.close())
  const open = async (): Promise<Wire> => {
    const wire = await Wire.open(broker)
    onTestFinished(() => wire.close())
    return wire
  }
  const restart = async (changed: Record<string, string> = properties): Promise<LabBroker> => {
    await broker.close()
    return labBroker({ dir, properties: changed })
  }
  return { ...broker, dir, lines, open, restart }
}
