import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'

/** A memory cgroup of its own, limited; undefined, with a warning, where there is no memory controller. */
export function limitMemory(name: string, mib: number): string | undefined {
  const own = /^\d+:[^:\n]*\bmemory\b[^:\n]*:(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1]
  const v1 = existsSync('/sys/fs/cgroup/memory')
  const group = v1 ? join('/sys/fs/cgroup/memory', own ?? '', name) : join('/sys/fs/cgroup', name)
  try {
    mkdirSync(group, { recursive: true })
    writeFileSync(join(group, v1 ? 'memory.limit_in_bytes' : 'memory.max'), String(mib * 1048576))
    return group
  } catch (error) {
    console.warn(`${name} runs without a memory limit: ${(error as Error).message}`)
    return undefined
  }
}

/** Passes connections on to another server, both ways. */
export function forward(address: string, port: number, toHost: string, toPort: number): Promise<Server> {
  return listen(
    address,
    port,
    createServer({ allowHalfOpen: true }, socket => {
      const other = connect({ host: toHost, port: toPort, allowHalfOpen: true })
      socket.pipe(other).pipe(socket)
      socket.on('error', () => other.destroy())
      other.on('error', () => socket.destroy())
    }),
  )
}

/** Serves files by name over http. */
export function serveFiles(address: string, port: number, files: Record<string, string>): Promise<Server> {
  const server = createHttpServer((request, response) => {
    const file = files[(request.url ?? '/').slice(1)]
    if (file === undefined) response.writeHead(404).end()
    else response.end(readFileSync(file))
  })
  return listen(address, port, server)
}

function listen<T extends Server>(address: string, port: number, server: T): Promise<T> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, address, () => {
      server.unref()
      resolve(server)
    })
  })
}
