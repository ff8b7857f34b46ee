import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { type HostContext, serverName } from './context.ts'
import { restartMark } from './files.ts'
import { runAlone } from './run-alone.ts'
import type { Step } from './step.ts'

const dir = '/etc/lab/tls'
const renewSeconds = 30 * 86_400

/** A certificate authority of the lab's own and the broker's certificate, in the PEM form Kafka reads; no keytool. */
export const certificate: Step<HostContext> = {
  title: 'TLS certificate',
  skip: ({ secure }) => (secure ? undefined : 'plain mode'),
  async check({ host, caFile }) {
    const ca =
      await host.run`[ -f ${dir}/server.pem ] && openssl x509 -noout -checkend ${renewSeconds} -in ${dir}/server.crt >/dev/null && cat ${dir}/ca.pem || true`
    if (!ca) return ['no certificate that lasts another 30 days']
    return existsSync(caFile) && readFileSync(caFile, 'utf8').trim() === ca ? [] : [`${caFile} is not the host's authority`]
  },
  async apply({ host, caFile }) {
    // made on the host: the keys never travel; the name instead of the address lets it survive a new address
    const made = await host.run`dir=${dir}
      install -d -o root -g kafka -m 750 "$dir"; cd "$dir"; umask 077
      new="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
      [ -f ca.pem ] || openssl req -x509 $new -days 3650 -subj '/CN=tickerlake CA' -keyout ca.key -out ca.pem 2>/dev/null
      if ! openssl x509 -noout -checkend ${renewSeconds} -in server.crt >/dev/null 2>&1; then
        rm -f server.pem
        openssl req $new -subj ${`/CN=${serverName}`} -keyout server.key -out server.csr 2>/dev/null
        printf 'subjectAltName=DNS:%s,DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n' ${serverName} > ext
        openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 825 -extfile ext -out server.crt 2>/dev/null
        rm -f server.csr ext
      fi
      if [ ! -f server.pem ]; then
        touch ${restartMark('lab-kafka')}
        cat server.key server.crt ca.pem > server.new
        chown root:kafka server.new; chmod 640 server.new; mv server.new server.pem
      fi
      chmod 644 ca.pem; cat ca.pem`
    writeFileSync(caFile, `${made}\n`)
  },
}

if (import.meta.main) runAlone(certificate)
