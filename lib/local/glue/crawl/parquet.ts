import { open, type FileHandle } from 'node:fs/promises'
import { parquetMetadata, parquetSchema, type SchemaElement, type SchemaTree } from 'hyparquet'
import { checkThrift } from './thrift.ts'
import { scalar, type FoundColumn, type Type } from './types.ts'

/** Columns and rows of a Parquet file from its footer alone. Throws when the footer cannot be read. */
export async function sampleParquet(path: string): Promise<{ columns: FoundColumn[]; records: number }> {
  const file = await open(path)
  try {
    const footer = await readFooter(file)
    checkThrift(footer.subarray(0, -8))
    const metadata = parquetMetadata(footer, { geoparquet: false })
    const columns = parquetSchema(metadata).children.map(child => ({ name: child.element.name, type: typeOf(child) }))
    return { columns, records: Number(metadata.num_rows) }
  } finally {
    await file.close()
  }
}

/** The metadata, its length and the magic. */
async function readFooter(file: FileHandle): Promise<Buffer> {
  const { size } = await file.stat()
  const end = await readAt(file, Math.max(0, size - 8), 8)
  const length = end.length === 8 && end.toString('latin1', 4) === 'PAR1' ? end.readUInt32LE(0) + 8 : Infinity
  if (length > size) throw new Error('the Parquet file has no footer')
  return readAt(file, size - length, length)
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length)
  const { bytesRead } = await file.read(bytes, 0, length, position)
  return bytes.subarray(0, bytesRead)
}

function typeOf(node: SchemaTree): Type {
  const type = node.children.length > 0 ? groupType(node) : primitiveType(node.element)
  const wrapped = node.element.converted_type === 'LIST' || node.element.converted_type === 'MAP'
  return node.element.repetition_type === 'REPEATED' && !wrapped ? listOf(type) : type
}

/** LIST and MAP groups as the format's "LogicalTypes.md" lays them out; any other group is a struct. */
function groupType({ element, children }: SchemaTree): Type {
  const inner = children[0]!
  if (element.converted_type === 'LIST' || element.logical_type?.type === 'LIST') {
    const named = inner.children.length === 1 && inner.element.name !== 'array' && inner.element.name !== `${element.name}_tuple`
    return listOf(named ? typeOf(inner.children[0]!) : elementOf(inner))
  }
  const isMap =
    element.converted_type === 'MAP' || element.converted_type === 'MAP_KEY_VALUE' || element.logical_type?.type === 'MAP'
  if (isMap && inner.children.length === 2)
    return { kind: 'map', key: typeOf(inner.children[0]!), value: typeOf(inner.children[1]!) }
  return { kind: 'struct', fields: new Map(children.map(child => [child.element.name, typeOf(child)])) }
}

const listOf = (element: Type): Type => ({ kind: 'array', element, count: 0 })
const elementOf = (node: SchemaTree): Type => (node.children.length > 0 ? groupType(node) : primitiveType(node.element))

function primitiveType(element: SchemaElement): Type {
  const { type, converted_type: converted, logical_type: logical } = element
  if (converted === 'DECIMAL' || logical?.type === 'DECIMAL')
    return scalar(`decimal(${element.precision ?? 10},${element.scale ?? 0})`)
  if (converted === 'DATE' || logical?.type === 'DATE') return scalar('date')
  if (type === 'INT96' || converted?.startsWith('TIMESTAMP') || logical?.type === 'TIMESTAMP') return scalar('timestamp')
  switch (type) {
    case 'BOOLEAN':
      return scalar('boolean')
    case 'INT32':
      return scalar(converted === 'INT_8' ? 'tinyint' : converted === 'INT_16' ? 'smallint' : 'int')
    case 'INT64':
      return scalar('bigint')
    case 'FLOAT':
      return scalar('float')
    case 'DOUBLE':
      return scalar('double')
    default: {
      const text =
        converted === 'UTF8' ||
        converted === 'ENUM' ||
        converted === 'JSON' ||
        logical?.type === 'STRING' ||
        logical?.type === 'ENUM'
      return scalar(text || logical?.type === 'JSON' ? 'string' : 'binary')
    }
  }
}
