import type { Column, Partition, Table } from '@aws-sdk/client-glue'
import { count, type Finding, some, wrong } from './finding.ts'
import type { JsonType } from './json.ts'
import type { ObjectSample } from './objects.ts'

interface NamedType {
  name: string
  type: string
}

const columnsOf = (columns: Column[] | undefined): NamedType[] =>
  (columns ?? []).map(({ Name = '', Type = '' }) => ({ name: Name, type: Type }))

/** Whether a table's columns can be asked for, agree with its partitions, and fit the objects. */
export function lookAtColumns(table: Table, partitions: Partition[], samples: ObjectSample[]): Finding[] {
  const columns = columnsOf(table.StorageDescriptor?.Columns)
  const keys = columnsOf(table.PartitionKeys)
  const isJson = /json/i.test(table.StorageDescriptor?.SerdeInfo?.SerializationLibrary ?? '')
  return [
    ...lookAtDuplicates(table, [...columns, ...keys]),
    ...lookAtNames(table, [...columns, ...keys]),
    ...lookAtPartitionTypes(table, columns, partitions),
    ...(isJson ? lookAtValues(table, columns, samples) : []),
  ]
}

function lookAtDuplicates({ Name }: Table, columns: NamedType[]): Finding[] {
  const seen = new Set<string>()
  const twice = columns.map(({ name }) => name.toLowerCase()).filter(name => seen.size === seen.add(name).size)
  if (twice.length === 0) return []
  return [
    wrong(
      `table ${Name} has column ${some(twice)} twice`,
      'a partition key that is in the records too, or names that differ in capitals only: HIVE_INVALID_METADATA',
      'rename one: the folder (dt=…) or the field; then store and crawl anew',
    ),
  ]
}

function lookAtNames({ Name }: Table, columns: NamedType[]): Finding[] {
  const odd = columns
    .map(({ name }) => name)
    .filter(name => reserved.has(name.toLowerCase()) || !/^[a-z_][a-z0-9_]*$/i.test(name))
  if (odd.length === 0) return []
  return [
    wrong(
      `table ${Name}: ${some(odd.map(name => `"${name}"`))} ${odd.length === 1 ? 'is' : 'are'} no plain column name${odd.length === 1 ? '' : 's'}`,
      "reserved words and names with blanks: mismatched input 'date', or a column that is not found",
      'double quotes in SELECT ("adj close"), backticks in CREATE and ALTER TABLE; better rename them in the producer (trade_date, adj_close)',
    ),
  ]
}

/** A partition keeps the columns it had when it was crawled. */
function lookAtPartitionTypes({ Name }: Table, columns: NamedType[], partitions: Partition[]): Finding[] {
  const types = new Map(columns.map(({ name, type }) => [name, type]))
  const differing = partitions.flatMap(({ Values = [], StorageDescriptor }) =>
    columnsOf(StorageDescriptor?.Columns)
      .filter(({ name, type }) => types.has(name) && types.get(name) !== type)
      .map(({ name, type }) => ({ partition: Values.join('/'), name, type })),
  )
  const [first] = differing
  if (!first) return []
  return [
    wrong(
      `table ${Name}: ${first.name} is ${types.get(first.name)} in the table and ${first.type} in partition ${first.partition} (${count(differing.length, 'such column')})`,
      'the types of the data changed from one crawl to the next: HIVE_PARTITION_SCHEMA_MISMATCH',
      'let partitions take the columns of the table: npx tickerlake crawl does (InheritFromTable); or drop the partition and crawl again',
    ),
  ]
}

// what a column of this type cannot read
const misfits: [type: RegExp, value: JsonType[]][] = [
  [/^(tinyint|smallint|int|bigint)$/, ['number with a point', 'text', 'boolean', 'array', 'object']],
  [/^(float|double|decimal.*)$/, ['text', 'boolean', 'array', 'object']],
  [/^boolean$/, ['whole number', 'number with a point', 'array', 'object']],
]

function lookAtValues({ Name }: Table, columns: NamedType[], samples: ObjectSample[]): Finding[] {
  const types = new Map(columns.map(({ name, type }) => [name.toLowerCase(), type]))
  const unknown = new Set<string>()
  for (const { place, types: fields } of samples.flatMap(({ lines }) => lines)) {
    for (const [field, value] of fields) {
      const type = types.get(field.toLowerCase())
      if (type === undefined) unknown.add(field)
      else if (misfits.some(([pattern, values]) => pattern.test(type) && values.includes(value))) {
        return [
          wrong(
            `table ${Name}: column ${field} is ${type}, and ${place} has a ${value}`,
            'the crawler saw other objects than this one: HIVE_BAD_DATA: Error parsing field value',
            'one type for each field (doubles always with a point), then npx tickerlake crawl; by hand: ALTER the column to the wider type (double)',
          ),
        ]
      }
    }
  }
  if (unknown.size === 0) return []
  return [
    wrong(
      `table ${Name} has no column ${some([...unknown])}, which the objects have`,
      'the field came after the last crawl',
      'npx tickerlake crawl adds it',
    ),
  ]
}

/** Reserved in Athena's SELECT or in its DDL (user guide, "Reserved keywords"); names that no learner gives a column left out. */
const reserved = new Set(
  `all alter and array as authorization between bigint binary boolean both by case cast char column conf constraint commit create cross cube
  current current_date current_time current_timestamp cursor database date dayofweek decimal delete describe distinct div double drop else end
  escape except exchange execute exists extended external extract false fetch first float floor following for foreign from full function grant
  group grouping having if import in inner insert int integer intersect interval into is join last lateral left less like local localtime
  localtimestamp macro map more natural none normalize not null numeric of on only or order out outer over partition percent preceding precision
  prepare preserve primary procedure range reads recursive reduce references regexp revoke right rlike rollback rollup row rows select set skip
  smallint start table tablesample then time timestamp to transform trigger trim true truncate unbounded unescape union uniquejoin unnest update
  user using values varchar views when where window with`.split(/\s+/),
)
