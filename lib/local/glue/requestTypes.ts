import { ServiceError } from '../aws/errors.ts'

type Kind = 'String' | 'Integer' | 'Boolean' | 'Structure' | 'Map' | 'List of String' | 'List of Structure'

/** Glue gives a member the same type wherever its name stands; members that are not here are not looked into. */
const members: [Kind, string][] = [
  [
    'String',
    'Name DatabaseName TableName CrawlerName Description Owner TableType ViewOriginalText ViewExpandedText Location LocationUri InputFormat ' +
      'OutputFormat Type Comment SerializationLibrary Expression NextToken VersionId CatalogId Role TablePrefix Configuration Schedule Path ' +
      'ConnectionName EventQueueArn UpdateBehavior DeleteBehavior RecrawlBehavior CrawlerSecurityConfiguration ResourceArn SearchText Key Value ' +
      'FieldName FilterOperator FieldValue JsonPath Delimiter QuoteSymbol ContainsHeader Serde CrawlerLineageSettings',
  ],
  ['Integer', 'MaxResults SegmentNumber TotalSegments SampleSize Retention NumberOfBuckets'],
  ['Boolean', 'SkipArchive ExcludeColumnSchema Compressed StoredAsSubDirectories DisableValueTrimming AllowSingleColumn'],
  [
    'Structure',
    'DatabaseInput TableInput PartitionInput StorageDescriptor SerdeInfo Segment Targets SchemaChangePolicy RecrawlPolicy LineageConfiguration ' +
      'LakeFormationConfiguration JsonClassifier CsvClassifier GrokClassifier XMLClassifier',
  ],
  ['Map', 'Parameters Tags TagsToAdd'],
  [
    'List of String',
    'PartitionValues PartitionValueList Values VersionIds TablesToDelete CrawlerNames CrawlerNameList Classifiers Exclusions TagsToRemove ' +
      'BucketColumns Header AttributesToGet',
  ],
  [
    'List of Structure',
    'PartitionInputList PartitionsToGet PartitionsToDelete Entries Columns PartitionKeys SortColumns S3Targets JdbcTargets MongoDBTargets ' +
      'DynamoDBTargets CatalogTargets DeltaTargets IcebergTargets HudiTargets Filters SortCriteria',
  ],
]
const kindOf = new Map(members.flatMap(([kind, names]) => names.split(' ').map(name => [name, kind] as const)))

/** Fails with SerializationException, as AWS's front end does, when a member of a request has another type than Glue's model says. */
export function checkTypes(request: object): void {
  for (const [name, value] of Object.entries(request)) {
    const kind = kindOf.get(name)
    if (kind && value !== null && value !== undefined) checkMember(value, kind)
  }
}

function checkMember(value: unknown, kind: Kind): void {
  if (kind === 'Map') {
    for (const item of Object.values(structure(value, kind))) if (typeof item !== 'string') fail(item, 'String')
  } else if (kind === 'Structure') checkTypes(structure(value, kind))
  else if (kind === 'String' || kind === 'Integer' || kind === 'Boolean') {
    const isRight = kind === 'Integer' ? Number.isInteger(value) : typeof value === kind.toLowerCase()
    if (!isRight) fail(value, kind)
  } else {
    if (!Array.isArray(value)) return fail(value, 'List')
    for (const item of value) checkMember(item, kind === 'List of String' ? 'String' : 'Structure')
  }
}

function structure(value: unknown, kind: Kind): object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : fail(value, kind)
}

function fail(value: unknown, kind: string): never {
  const given = value === null ? 'NULL' : Array.isArray(value) ? 'LIST' : typeof value === 'object' ? 'STRUCTURE' : typeof value
  throw new ServiceError('SerializationException', `${given.toUpperCase()}_VALUE can not be converted to a ${kind}`)
}
