import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { canListen, freePort, readPorts, replacePorts } from '../../../provisioning/kafka/ports.ts'
import { temporaryFolder } from '../../helpers/folder.ts'

it('keeps the ports of a cluster, and takes others when the file is spoiled', async () => {
  const file = join(temporaryFolder(), 'ports.json')
  const ports = await readPorts(file, 3)
  expect(new Set([ports.zookeeper, ...ports.brokers, ...ports.controllers]).size).toBe(7)
  expect(await readPorts(file, 3)).toEqual(ports)
  for (const spoiled of ['', '{', '{}', '{"zookeeper":1,"brokers":[2],"controllers":["x"]}']) {
    writeFileSync(file, spoiled)
    const fresh = await readPorts(file, 3)
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(fresh)
    expect(fresh.brokers).toHaveLength(3)
  }
})

it('replaces the ports that another program has, and no other', async () => {
  const ports = await readPorts(join(temporaryFolder(), 'ports.json'), 3)
  const before = structuredClone(ports)
  await replacePorts(ports, [before.brokers[1] as number, before.zookeeper])
  expect([ports.brokers[0], ports.brokers[2], ports.controllers]).toEqual([
    before.brokers[0],
    before.brokers[2],
    before.controllers,
  ])
  expect(ports.brokers[1]).not.toBe(before.brokers[1])
  expect(ports.zookeeper).not.toBe(before.zookeeper)
})

it('sees a port that is taken', async () => {
  const port = await freePort(new Set())
  expect(await canListen(port)).toBe(true)
  const server = createServer()
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  expect(await canListen(port)).toBe(false)
  await new Promise(resolve => server.close(resolve))
})
