import { isoTime, owner, sendXml, type S3Call } from './call.ts'
import { readEncoding, readMax } from './listing.ts'
import { findUpload } from './multipart.ts'
import type { UploadRow } from './uploadIndex.ts'

const compare = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

export function listParts(call: S3Call): void {
  const upload = findUpload(call)
  const maxParts = readMax(call, 'max-parts')
  const marker = readMarker(call)
  const rest = call.store.uploads.parts(upload.id).filter(part => part.number > marker)
  const page = rest.slice(0, maxParts)
  const truncated = rest.length > page.length
  sendXml(call, 'ListPartsResult', {
    Bucket: upload.bucket,
    Key: upload.key,
    UploadId: upload.id,
    Initiator: owner,
    Owner: owner,
    StorageClass: upload.meta.headers['x-amz-storage-class'] ?? 'STANDARD',
    PartNumberMarker: marker,
    NextPartNumberMarker: page.at(-1)?.number ?? 0,
    MaxParts: maxParts,
    IsTruncated: truncated,
    ChecksumAlgorithm: upload.algorithm,
    ChecksumType: upload.checksumType,
    Part: page.map(part => ({
      PartNumber: part.number,
      LastModified: isoTime(part.modifiedMs),
      ETag: part.etag,
      Size: part.sizeBytes,
      ...(upload.algorithm ? { [`Checksum${upload.algorithm}`]: part.checksum } : {}),
    })),
  })
}

function readMarker({ query }: S3Call): number {
  const marker = Number(query.get('part-number-marker') ?? 0)
  return Number.isInteger(marker) && marker > 0 ? marker : 0
}

/** Uploads in progress by key and age, grouped by a delimiter like objects. */
export function listMultipartUploads(call: S3Call): void {
  const { store, bucket, query } = call
  store.bucket(bucket)
  const { encode, EncodingType } = readEncoding(call)
  const maxUploads = readMax(call, 'max-uploads')
  const [prefix, delimiter, keyMarker, idMarker] = ['prefix', 'delimiter', 'key-marker', 'upload-id-marker'].map(
    name => query.get(name) ?? '',
  ) as [string, string, string, string]
  const uploads = afterMarkers(store.uploads.ofBucket(bucket), keyMarker, idMarker).filter(upload =>
    upload.key.startsWith(prefix),
  )
  const { listed, commonPrefixes, last, truncated } = pageOf(uploads, { prefix, delimiter, maxUploads })
  sendXml(call, 'ListMultipartUploadsResult', {
    Bucket: bucket,
    KeyMarker: encode(keyMarker),
    UploadIdMarker: idMarker,
    NextKeyMarker: truncated ? encode(last?.key ?? '') : '',
    NextUploadIdMarker: truncated ? (last?.id ?? '') : '',
    Prefix: encode(prefix),
    Delimiter: delimiter === '' ? undefined : encode(delimiter),
    EncodingType,
    MaxUploads: maxUploads,
    IsTruncated: truncated,
    Upload: listed.map(upload => describe(upload, encode)),
    CommonPrefixes: [...commonPrefixes].map(common => ({ Prefix: encode(common) })),
  })
}

interface UploadPage {
  listed: UploadRow[]
  commonPrefixes: Set<string>
  /** Where the next page goes on after. */
  last?: UploadRow
  truncated: boolean
}

/** Uploads and common prefixes count alike. */
function pageOf(
  uploads: UploadRow[],
  { prefix, delimiter, maxUploads }: { prefix: string; delimiter: string; maxUploads: number },
): UploadPage {
  const page: UploadPage = { listed: [], commonPrefixes: new Set(), truncated: false }
  for (const upload of uploads) {
    const cut = delimiter === '' ? -1 : upload.key.indexOf(delimiter, prefix.length)
    const common = cut < 0 ? undefined : upload.key.slice(0, cut + delimiter.length)
    if (common === undefined || !page.commonPrefixes.has(common)) {
      if (page.listed.length + page.commonPrefixes.size >= maxUploads) return { ...page, truncated: true }
      if (common === undefined) page.listed.push(upload)
      else page.commonPrefixes.add(common)
    }
    page.last = upload
  }
  return page
}

function describe({ id, key, meta, createdMs, algorithm, checksumType }: UploadRow, encode: (key: string) => string) {
  return {
    UploadId: id,
    Key: encode(key),
    Initiator: owner,
    Owner: owner,
    StorageClass: meta.headers['x-amz-storage-class'] ?? 'STANDARD',
    Initiated: isoTime(createdMs),
    ChecksumAlgorithm: algorithm,
    ChecksumType: checksumType,
  }
}

function afterMarkers(uploads: UploadRow[], keyMarker: string, idMarker: string): UploadRow[] {
  if (keyMarker === '') return uploads
  const at = uploads.findIndex(upload => upload.key === keyMarker && upload.id === idMarker)
  if (at >= 0) return uploads.slice(at + 1)
  return uploads.filter(upload => compare(upload.key, keyMarker) > 0)
}
