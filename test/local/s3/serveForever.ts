import { startAwsServer } from '../../../lib/local/aws/server.ts'
import { s3Service } from '../../../lib/local/s3/service.ts'
import { openStorage } from '../../../lib/local/s3/storage.ts'
import { credentials, region } from './testServer.ts'

/** An S3 server in a process of its own, to be killed or measured: `node serveForever.ts DIR`. Its first line is the port; it answers every
 *  line on stdin with its resident set in bytes. */
async function main(dir: string): Promise<void> {
  const s3 = s3Service(await openStorage({ dir }), { region })
  const { port } = await startAwsServer({ port: 0, region, credentials, s3, log: line => console.error(line) })
  console.log(port)
  process.stdin.on('data', () => console.log(process.memoryUsage.rss()))
}

void main(process.argv[2] as string)
