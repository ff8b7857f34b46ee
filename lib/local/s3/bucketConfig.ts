import { owner, sendEmpty, sendXml, type S3Call } from './call.ts'
import { s3Error, type S3ErrorCode } from './errors.ts'
import { checkLifecycle } from './lifecycle.ts'
import { readDocument } from './payload.ts'
import { parseTagDocument, tagDocument } from './tags.ts'
import { xmlDocument } from './xml.ts'

/** Documents that are kept as they came and given back; `check` refuses what S3 would. */
const documents: Record<string, { missing: S3ErrorCode; check: (text: string) => void; stored: number }> = {
  lifecycle: { missing: 'NoSuchLifecycleConfiguration', check: checkLifecycle, stored: 200 },
  tagging: { missing: 'NoSuchTagSet', check: text => void parseTagDocument(text, { limit: 50 }), stored: 204 },
}

export function getDocument(name: string): (call: S3Call) => void {
  return call => {
    const text = call.store.bucket(call.bucket).config[name]
    if (text === undefined) throw s3Error(documents[name]?.missing as S3ErrorCode, { BucketName: call.bucket })
    call.response.writeHead(200, { 'content-type': 'application/xml', 'content-length': Buffer.byteLength(text) }).end(text)
  }
}

export function putDocument(name: string): (call: S3Call) => Promise<void> {
  return async call => {
    const { store, bucket } = call
    store.bucket(bucket)
    const text = await readDocument(call)
    documents[name]?.check(text)
    const row = store.bucket(bucket)
    const kept = name === 'tagging' ? xmlDocument('Tagging', tagDocument(parseTagDocument(text, { limit: 50 }))) : text
    store.commit({}, () => store.buckets.put({ ...row, config: { ...row.config, [name]: kept } }))
    sendEmpty(call, documents[name]?.stored ?? 200)
  }
}

export function deleteDocument(name: string): (call: S3Call) => void {
  return call => {
    const { store, bucket } = call
    const row = store.bucket(bucket)
    const { [name]: _gone, ...config } = row.config
    store.commit({}, () => store.buckets.put({ ...row, config }))
    sendEmpty(call, 204)
  }
}

/** What a bucket answers that was never configured: S3's defaults for new buckets. Setting them is not implemented. */
export const defaults: Record<string, (call: S3Call) => void> = {
  accelerate: call => sendXml(call, 'AccelerateConfiguration', ''),
  acl: call =>
    sendXml(call, 'AccessControlPolicy', {
      Owner: owner,
      AccessControlList: { Grant: { Grantee: { ID: owner.ID }, Permission: 'FULL_CONTROL' } },
    }),
  cors: absent('NoSuchCORSConfiguration'),
  encryption: call =>
    sendXml(call, 'ServerSideEncryptionConfiguration', {
      Rule: { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' }, BucketKeyEnabled: false },
    }),
  logging: call => sendXml(call, 'BucketLoggingStatus', ''),
  notification: call => sendXml(call, 'NotificationConfiguration', ''),
  'object-lock': absent('ObjectLockConfigurationNotFoundError'),
  ownershipControls: call => sendXml(call, 'OwnershipControls', { Rule: { ObjectOwnership: 'BucketOwnerEnforced' } }),
  policy: absent('NoSuchBucketPolicy'),
  policyStatus: absent('NoSuchBucketPolicy'),
  publicAccessBlock: call =>
    sendXml(call, 'PublicAccessBlockConfiguration', {
      BlockPublicAcls: true,
      IgnorePublicAcls: true,
      BlockPublicPolicy: true,
      RestrictPublicBuckets: true,
    }),
  replication: absent('ReplicationConfigurationNotFoundError'),
  requestPayment: call => sendXml(call, 'RequestPaymentConfiguration', { Payer: 'BucketOwner' }),
  website: absent('NoSuchWebsiteConfiguration'),
}

function absent(code: S3ErrorCode): (call: S3Call) => void {
  return call => {
    throw s3Error(code, { BucketName: call.bucket })
  }
}
