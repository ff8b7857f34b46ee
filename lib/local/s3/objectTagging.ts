import { sendEmpty, sendXml, type S3Call } from './call.ts'
import { findVersion } from './getObject.ts'
import { versionHeader } from './objectHeaders.ts'
import { readDocument } from './payload.ts'
import { parseTagDocument, tagDocument } from './tags.ts'

export function getObjectTagging(call: S3Call): void {
  const row = findVersion(call)
  for (const [name, value] of Object.entries(versionHeader(call, row.versionId))) call.response.setHeader(name, value)
  sendXml(call, 'Tagging', tagDocument(row.tags))
}

export async function putObjectTagging(call: S3Call): Promise<void> {
  findVersion(call)
  const tags = parseTagDocument(await readDocument(call), { limit: 10 })
  const row = findVersion(call)
  call.store.replaceMeta(row, { tags })
  sendEmpty(call, 200, versionHeader(call, row.versionId))
}

export function deleteObjectTagging(call: S3Call): void {
  const row = findVersion(call)
  call.store.replaceMeta(row, { tags: [] })
  sendEmpty(call, 204, versionHeader(call, row.versionId))
}
