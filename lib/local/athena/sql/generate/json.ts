import { duckdbType, fieldKey, quoteName, quoteText, type Type } from '../types/types.ts'
import { valueText } from './text.ts'

let depth = 0
function nested<T>(use: (name: string) => T): T {
  depth++
  try {
    return use(`j${depth}`)
  } finally {
    depth--
  }
}

/** SQL of `CAST(value AS json)`: the JSON text; undefined: Trino has no such cast. */
export function jsonText(value: string, type: Type): string | undefined {
  switch (type.kind) {
    case 'varchar':
    case 'char':
      return `CAST(to_json(${value}) AS VARCHAR)`
    case 'boolean':
    case 'tinyint':
    case 'smallint':
    case 'integer':
    case 'bigint':
    case 'decimal':
      return `CAST(${value} AS VARCHAR)`
    case 'real':
    case 'double':
      return `t_json_double(${value})`
    case 'date':
    case 'timestamp':
    case 'timestamp with time zone':
      return `('"' || ${valueText(value, type)} || '"')`
    case 'json':
      return value
    case 'array':
      return nested(e => {
        const inner = jsonText(e, type.element)
        return inner && `('[' || array_to_string(list_transform(${value}, lambda ${e}: coalesce(${inner}, 'null')), ',') || ']')`
      })
    case 'map':
      return nested(e => {
        const inner = jsonText(`${e}.value`, type.value)
        const key = valueText(`${e}.key`, type.key)
        const entry = `CAST(to_json(CAST(${key} AS VARCHAR)) AS VARCHAR) || ':' || coalesce(${inner}, 'null')`
        return (
          inner && `('{' || array_to_string(list_sort(list_transform(map_entries(${value}), lambda ${e}: ${entry})), ',') || '}')`
        )
      })
    case 'row': {
      const fields = type.fields.map((field, i) => {
        const inner = jsonText(`struct_extract(${value}, ${quoteText(fieldKey(field, i))})`, field.type)
        return inner && `${quoteText(`${JSON.stringify(field.name ?? '')}:`)} || coalesce(${inner}, 'null')`
      })
      if (fields.some(field => !field)) return undefined
      return `CASE WHEN ${value} IS NOT NULL THEN '{' || ${fields.join(" || ',' || ")} || '}' END`
    }
    case 'unknown':
      return 'CAST(NULL AS VARCHAR)'
    default:
      return undefined
  }
}

/** SQL of `CAST(json AS type)`; undefined: Trino has no such cast. */
export function fromJson(value: string, type: Type, safe: boolean): string | undefined {
  const cast = (inner: string) => `${safe ? 'TRY_CAST' : 'CAST'}(${inner} AS ${duckdbType(type)})`
  switch (type.kind) {
    case 'json':
      return value
    case 'varchar':
    case 'char':
      return `t_json_scalar(${value})`
    case 'boolean':
      return cast(`t_boolean_text(t_json_scalar(${value}))`)
    case 'tinyint':
    case 'smallint':
    case 'integer':
    case 'bigint':
      return cast(`t_integer_text(t_json_whole(${value}))`)
    case 'real':
    case 'double':
    case 'decimal':
      return cast(`t_double_text(t_json_scalar(${value}))`)
    case 'date':
    case 'timestamp':
      return cast(`t_timestamp_text(t_json_scalar(${value}))`)
    case 'array':
      return nested(e => {
        const inner = fromJson(e, type.element, safe)
        return inner && `list_transform(t_json_elements(${value}), lambda ${e}: ${inner})`
      })
    case 'map':
      return nested(e => {
        const key = fromJson(`CAST(to_json(${e}.key) AS VARCHAR)`, type.key, safe)
        const item = fromJson(`${e}.value`, type.value, safe)
        return (
          key &&
          item &&
          `map_from_entries(list_transform(t_json_members(${value}), lambda ${e}: {'key': ${key}, 'value': ${item}}))`
        )
      })
    case 'row': {
      const fields = type.fields.map((field, i) => {
        const inner = fromJson(`t_json_field(${value}, ${quoteText(field.name || ' ')}, ${i})`, field.type, safe)
        return inner && `${quoteName(fieldKey(field, i))} := ${inner}`
      })
      if (fields.some(field => !field)) return undefined
      return `CASE WHEN json_type(${value}) IN ('OBJECT', 'ARRAY') THEN struct_pack(${fields.join(', ')}) END`
    }
    default:
      return undefined
  }
}
