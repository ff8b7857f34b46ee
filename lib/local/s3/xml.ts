import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { escapeXml, xmlDeclaration } from '../aws/replies.ts'
import { s3Error } from './errors.ts'

/** Content of an element: text, or children; an array of them repeats the element; undefined leaves it out. */
export type XmlContent = string | number | boolean | undefined | Iterable<XmlContent> | { [child: string]: XmlContent }

/** A whole document with S3's namespace on its root. */
export function xmlDocument(root: string, content: XmlContent): string {
  return `${xmlDeclaration}<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inner(content)}</${root}>`
}

function inner(content: XmlContent): string {
  if (content === undefined) return ''
  if (typeof content !== 'object') return escapeXml(String(content))
  let text = ''
  for (const [name, value] of Object.entries(content)) {
    if (value === undefined) continue
    const repeated = typeof value === 'object' && Symbol.iterator in value ? value : [value]
    for (const one of repeated) text += `<${name}>${inner(one)}</${name}>`
  }
  return text
}

/** A parsed element: its text, or its children in lists. */
export type XmlElement = string | { [child: string]: XmlElement[] }

const parser = new XMLParser({
  ignoreAttributes: true,
  ignoreDeclaration: true,
  removeNSPrefix: true,
  parseTagValue: false,
  trimValues: false,
  processEntities: false,
  tagValueProcessor: (_name, value) => decodeReferences(value),
  isArray: () => true,
})

/** Parses a request document whose root must be `root`. Fails with MalformedXML. */
export function parseXml(text: string, root: string): XmlElement {
  if (text.trim() === '') throw s3Error('MissingRequestBodyError')
  if (/<!DOCTYPE|<!ENTITY/i.test(text) || XMLValidator.validate(text) !== true) throw s3Error('MalformedXML')
  let document: Record<string, XmlElement[]>
  try {
    document = parser.parse(text) as Record<string, XmlElement[]>
  } catch {
    throw s3Error('MalformedXML')
  }
  const element = document[root]?.[0]
  if (element === undefined) throw s3Error('MalformedXML')
  return element
}

const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** The parser's own decoding drops references to control characters, which are legal in keys. */
function decodeReferences(text: string): string {
  return text.replace(/&([^;\s]*);?/g, (_all, reference: string) => {
    const [, hex, decimal] = /^#(?:x([0-9a-f]{1,6})|(\d{1,7}))$/i.exec(reference) ?? []
    const point = hex ? Number.parseInt(hex, 16) : decimal ? Number(decimal) : undefined
    const character = point === undefined ? named[reference] : point <= 0x10ffff ? String.fromCodePoint(point) : undefined
    if (character === undefined) throw s3Error('MalformedXML')
    return character
  })
}

/** The children of that name; none when there are none. */
export function childrenOf(element: XmlElement | undefined, name: string): XmlElement[] {
  if (element === undefined || typeof element === 'string') return []
  return Object.hasOwn(element, name) ? (element[name] as XmlElement[]) : []
}

/** The text of the first child of that name; undefined without one, MalformedXML when it is no text. */
export function textOf(element: XmlElement | undefined, name: string): string | undefined {
  const [child] = childrenOf(element, name)
  if (child !== undefined && typeof child !== 'string') throw s3Error('MalformedXML')
  return child
}
