import { openCatalog } from '../../../lib/local/glue/catalog.ts'

/** Writes to the catalog in the folder given until it is killed; prints each write that was acknowledged, as one line of JSON. */
async function main(dir: string, run: string): Promise<void> {
  const catalog = await openCatalog({ dir })
  const say = (line: object): boolean => process.stdout.write(`${JSON.stringify(line)}\n`)
  const Name = `t${run}`
  const PartitionKeys = [{ Name: 'dt', Type: 'string' }]
  await catalog.createTable('lake', { Name, PartitionKeys })
  say({ table: Name })
  for (let at = 0; ; at += 1) {
    const inputs = Array.from({ length: 20 }, (_, one) => ({ Values: [`${at}-${one}`], Parameters: { at: String(at) } }))
    const writes = [
      catalog
        .createPartitions('lake', Name, inputs)
        .then(() => say({ table: Name, partitions: inputs.map(input => input.Values[0]) })),
      catalog
        .updateTable('lake', { Name, PartitionKeys, Description: String(at) })
        .then(() => say({ table: Name, description: at })),
      catalog.createDatabase({ Name: `${Name}_${at}` }).then(() => say({ database: `${Name}_${at}` })),
    ]
    await Promise.all(writes)
  }
}

void main(process.argv[2]!, process.argv[3]!)
