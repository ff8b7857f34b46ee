import { fieldKey, quoteName, quoteText, type Type } from '../types/types.ts'

/** SQL of a value in the form that data files hold (CTAS, INSERT, UNLOAD): a time with zone becomes the UTC timestamp, json its text. */
export function storedSql(value: string, type: Type, level = 0): string {
  switch (type.kind) {
    case 'timestamp with time zone':
      return `(${value}).t`
    case 'unknown':
      return `CAST(${value} AS VARCHAR)`
    case 'array': {
      const e = `s${level}`
      const inner = storedSql(e, type.element, level + 1)
      return inner === e ? value : `list_transform(${value}, lambda ${e}: ${inner})`
    }
    case 'row': {
      const fields = type.fields.map((field, i) => {
        const key = fieldKey(field, i)
        return `${quoteName(key)} := ${storedSql(`struct_extract(${value}, ${quoteText(key)})`, field.type, level + 1)}`
      })
      return `CASE WHEN ${value} IS NOT NULL THEN struct_pack(${fields.join(', ')}) END`
    }
    default:
      return value
  }
}
