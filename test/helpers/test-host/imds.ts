import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'

/**
 * EC2's metadata service, version 2: `node imds.ts ADDRESS PORT VALUES.json`. Without a token 401. The values are read at every
 * request, so a stopped and started host gets another address.
 */
function serveMetadata(address: string, port: number, file: string): void {
  const expires = new Map<string, number>()
  createServer((request, response) => {
    const send = (status: number, body = ''): void => void response.writeHead(status, { 'content-type': 'text/plain' }).end(body)
    if (request.method === 'PUT' && request.url === '/latest/api/token') {
      const seconds = Number(request.headers['x-aws-ec2-metadata-token-ttl-seconds'])
      if (!(seconds >= 1 && seconds <= 21_600)) return send(400)
      const token = randomBytes(20).toString('base64url')
      expires.set(token, Date.now() + seconds * 1000)
      return send(200, token)
    }
    if ((expires.get(String(request.headers['x-aws-ec2-metadata-token'])) ?? 0) < Date.now()) return send(401)
    const values = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>
    const value = values[(request.url ?? '').replace('/latest/meta-data/', '')]
    return value === undefined ? send(404) : send(200, value)
  }).listen(port, address)
}

if (import.meta.main) serveMetadata(process.argv[2] as string, Number(process.argv[3]), process.argv[4] as string)
