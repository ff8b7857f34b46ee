import { athenaTypeName, type Type } from '../sql/types/types.ts'

/** A result's column as GetQueryResults and the .metadata file describe it. Which of the three numbers there are depends on the type alone
 *  (measured on AWS); the API says 0 and false for the ones that are missing. */
export interface ResultColumn {
  name: string
  type: string
  precision?: number
  scale?: number
  caseSensitive?: boolean
}

const PRECISIONS: Record<string, number> = {
  tinyint: 3,
  smallint: 5,
  integer: 10,
  bigint: 19,
  double: 17,
  real: 17,
  varbinary: 1_073_741_824,
  time: 3,
  timestamp: 3,
  'time with time zone': 3,
  'timestamp with time zone': 3,
}

/** The column of a query's result. */
export function resultColumn(name: string, type: Type): ResultColumn {
  const column = { name, type: athenaTypeName(type) }
  switch (type.kind) {
    case 'varchar':
      return { ...column, precision: type.length ?? 2_147_483_647, scale: 0, caseSensitive: true }
    case 'char':
      return { ...column, precision: type.length, scale: 0, caseSensitive: true }
    case 'decimal':
      return { ...column, precision: type.precision, scale: type.scale, caseSensitive: false }
    case 'date':
      return { ...column, scale: 0, caseSensitive: false }
    case 'boolean':
    case 'interval day to second':
    case 'interval year to month':
      return { ...column, caseSensitive: false }
    default: {
      const precision = PRECISIONS[type.kind]
      return precision === undefined ? column : { ...column, precision, scale: 0, caseSensitive: false }
    }
  }
}

/** ColumnInfo of GetQueryResults. */
export const columnInfo = ({ name, type, precision = 0, scale = 0, caseSensitive = false }: ResultColumn) => ({
  CatalogName: 'hive',
  SchemaName: '',
  TableName: '',
  Name: name,
  Label: name,
  Type: type,
  Precision: precision,
  Scale: scale,
  Nullable: 'UNKNOWN',
  CaseSensitive: caseSensitive,
})
