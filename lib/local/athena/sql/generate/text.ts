import { fieldKey, quoteText, type Type } from '../types/types.ts'

/** SQL that prints a value as Athena's result files do: `1.0E10`, `[1, 2]`, `{k=1}`, `2020-01-01 00:00:00.000`. NULL stays NULL at the top and
 *  is `null` inside arrays, maps and rows. */
export function valueText(value: string, type: Type, level = 0): string {
  switch (type.kind) {
    case 'varchar':
    case 'json':
    case 'uuid':
      return value
    case 'char':
      return `rpad(${value}, ${type.length}, ' ')`
    case 'double':
    case 'real':
      return `t_float_text(${value})`
    case 'varbinary':
      return `t_hex_pairs(${value})`
    case 'timestamp':
      return timestampText(value, type.precision)
    case 'timestamp with time zone':
      return `(${timestampText(`t_local(${value})`, type.precision)} || ' ' || t_zone_name(${value}))`
    case 'time':
      return timeText(value, type.precision)
    case 'time with time zone':
      return `(${timeText(`(${value}).t`, type.precision)} || (${value}).z)`
    case 'interval day to second':
      return `t_day_second_text(${value})`
    case 'interval year to month':
      return `t_year_month_text(${value})`
    case 'array': {
      const e = `v${level}`
      const inner = inside(valueText(e, type.element, level + 1))
      return `('[' || array_to_string(list_transform(${value}, lambda ${e}: ${inner}), ', ') || ']')`
    }
    case 'map': {
      const e = `v${level}`
      const entry = `${inside(valueText(`${e}.key`, type.key, level + 1))} || '=' || ${inside(valueText(`${e}.value`, type.value, level + 1))}`
      return `('{' || array_to_string(list_transform(map_entries(${value}), lambda ${e}: ${entry}), ', ') || '}')`
    }
    case 'row': {
      const fields = type.fields.map((field, i) => {
        const key = fieldKey(field, i)
        return `${quoteText(`${key}=`)} || ${inside(valueText(`struct_extract(${value}, ${quoteText(key)})`, field.type, level + 1))}`
      })
      return `CASE WHEN ${value} IS NOT NULL THEN '{' || ${fields.join(" || ', ' || ")} || '}' END`
    }
    case 'decimal':
      // DuckDB prints DECIMAL(2,2) without the zero before the point.
      return type.precision === type.scale
        ? `regexp_replace(CAST(${value} AS VARCHAR), '^(-?)\\.', '\\10.')`
        : `CAST(${value} AS VARCHAR)`
    default:
      return `CAST(${value} AS VARCHAR)`
  }
}

const inside = (text: string) => `coalesce(CAST(${text} AS VARCHAR), 'null')`

function timestampText(value: string, precision: number): string {
  if (precision === 3) return `strftime(${value}, '%Y-%m-%d %H:%M:%S.%g')`
  if (precision === 0) return `strftime(${value}, '%Y-%m-%d %H:%M:%S')`
  const micros = `strftime(${value}, '%Y-%m-%d %H:%M:%S.%f')`
  return precision > 6
    ? `(${micros} || '${'0'.repeat(precision - 6)}')`
    : precision === 6
      ? micros
      : `left(${micros}, ${20 + precision})`
}

function timeText(value: string, precision: number): string {
  const text = `strftime(DATE '1970-01-01' + ${value}, '%H:%M:%S.%f')`
  return precision === 0
    ? `left(${text}, 8)`
    : precision > 6
      ? `(${text} || '${'0'.repeat(precision - 6)}')`
      : `left(${text}, ${9 + precision})`
}
