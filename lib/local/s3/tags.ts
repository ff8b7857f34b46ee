import { s3Error } from './errors.ts'
import { childrenOf, parseXml, textOf, type XmlContent } from './xml.ts'

type Tags = [key: string, value: string][]

/** The `x-amz-tagging` header: a query string. */
export function parseTagHeader(text: string | undefined): Tags {
  if (!text) return []
  const tags = [...new URLSearchParams(text)]
  return checkTags(tags, { limit: 10, header: true })
}

/** A `<Tagging>` document; an object has at most 10 tags, a bucket 50. */
export function parseTagDocument(text: string, { limit }: { limit: number }): Tags {
  const [set] = childrenOf(parseXml(text, 'Tagging'), 'TagSet')
  if (set === undefined) throw s3Error('MalformedXML')
  const tags = childrenOf(set, 'Tag').map((tag): [string, string] => {
    const [key, value] = [textOf(tag, 'Key'), textOf(tag, 'Value')]
    if (key === undefined || value === undefined) throw s3Error('MalformedXML')
    return [key, value]
  })
  return checkTags(tags, { limit, header: false })
}

export function tagDocument(tags: Tags): XmlContent {
  return { TagSet: { Tag: tags.map(([Key, Value]) => ({ Key, Value })) } }
}

function checkTags(tags: Tags, { limit, header }: { limit: number; header: boolean }): Tags {
  if (tags.length > limit) {
    if (header || limit === 10) throw s3Error('BadRequest', {}, `Object tags cannot be greater than ${limit}`)
    throw s3Error('BadRequest', {}, `Bucket tag count cannot be greater than ${limit}`)
  }
  if (new Set(tags.map(([key]) => key)).size < tags.length) {
    if (header)
      throw s3Error(
        'InvalidArgument',
        { ArgumentName: 'x-amz-tagging' },
        "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
      )
    throw s3Error('InvalidTag', {}, 'Cannot provide multiple Tags with the same key')
  }
  for (const [key, value] of tags) {
    if (key === '' || key.length > 128 || !legal(key))
      throw s3Error('InvalidTag', { TagKey: key }, 'The TagKey you have provided is invalid')
    if (value.length > 256 || !legal(value))
      throw s3Error('InvalidTag', { TagKey: key, TagValue: value }, 'The TagValue you have provided is invalid')
  }
  return tags
}

const legal = (text: string): boolean => /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u.test(text)
