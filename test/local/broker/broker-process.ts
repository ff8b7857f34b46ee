import { startBroker } from '../../../lib/local/broker/server.ts'

/** A broker in a process of its own, to be killed: `node broker-process.ts DIR [KEY=VALUE…]`. Prints `port N` when it can be used, `log LINE` for each line. */
const [dir, ...settings] = process.argv.slice(2)
const properties = Object.fromEntries(settings.map(setting => setting.split('=') as [string, string]))
void startBroker({ dir: dir!, properties, log: line => console.log('log', line) }).then(({ port }) => console.log('port', port))
