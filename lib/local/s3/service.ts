import type { S3Service } from '../aws/server.ts'
import { defaults, deleteDocument, getDocument, putDocument } from './bucketConfig.ts'
import * as buckets from './buckets.ts'
import { readCall, type S3Call } from './call.ts'
import { completeMultipartUpload } from './completeUpload.ts'
import { copyObject } from './copyObject.ts'
import { deleteObject, deleteObjects } from './deleteObject.ts'
import { s3Error } from './errors.ts'
import { getObject, getObjectAttributes, headObject } from './getObject.ts'
import { listObjects, listObjectsV2, listObjectVersions } from './listObjects.ts'
import { listMultipartUploads, listParts } from './listUploads.ts'
import { abortMultipartUpload, createMultipartUpload, uploadPart, uploadPartCopy } from './multipart.ts'
import { checkKey } from './names.ts'
import { deleteObjectTagging, getObjectTagging, putObjectTagging } from './objectTagging.ts'
import { putObject } from './putObject.ts'
import type { S3Storage } from './storage.ts'

type Operation = (call: S3Call) => void | Promise<void>

/** Query parameters that turn a request into another operation. Everything else in a query is an argument, or ignored (`x-id`). */
const subresources =
  'accelerate acl analytics attributes cors delete encryption intelligent-tiering inventory legal-hold lifecycle location logging metadataConfiguration metadataTable metrics notification object-lock ownershipControls policy policyStatus publicAccessBlock renameObject replication requestPayment restore retention select session tagging torrent uploadId uploads versioning versions website'.split(
    ' ',
  )

/** `METHOD` or `METHOD ?subresource` of a bucket. */
const bucketOperations: Record<string, Operation> = {
  PUT: buckets.createBucket,
  HEAD: buckets.headBucket,
  DELETE: buckets.deleteBucket,
  GET: call => (call.query.get('list-type') === '2' ? listObjectsV2(call) : listObjects(call)),
  'GET ?versions': listObjectVersions,
  'GET ?uploads': listMultipartUploads,
  'POST ?delete': deleteObjects,
  'GET ?location': buckets.getBucketLocation,
  'GET ?versioning': buckets.getBucketVersioning,
  'PUT ?versioning': buckets.putBucketVersioning,
  ...Object.fromEntries(Object.entries(defaults).map(([name, answer]) => [`GET ?${name}`, answer])),
  'PUT ?acl': refuseAcl,
  ...documentOperations('lifecycle'),
  ...documentOperations('tagging'),
}

const objectOperations: Record<string, Operation> = {
  PUT: call => (call.header('x-amz-copy-source') === undefined ? putObject(call) : copyObject(call)),
  GET: getObject,
  HEAD: headObject,
  DELETE: deleteObject,
  'GET ?tagging': getObjectTagging,
  'PUT ?tagging': putObjectTagging,
  'DELETE ?tagging': deleteObjectTagging,
  'GET ?attributes': getObjectAttributes,
  'GET ?acl': call => (defaults.acl as Operation)(call),
  'PUT ?acl': refuseAcl,
  'POST ?uploads': createMultipartUpload,
  'PUT ?uploadId': call => (call.header('x-amz-copy-source') === undefined ? uploadPart(call) : uploadPartCopy(call)),
  'GET ?uploadId': listParts,
  'POST ?uploadId': completeMultipartUpload,
  'DELETE ?uploadId': abortMultipartUpload,
}

/** As every bucket made today, which enforces its owner. */
function refuseAcl(): void {
  throw s3Error('AccessControlListNotSupported')
}

/** The S3 API on a store, for `startAwsServer`. */
export function s3Service({ store }: Pick<S3Storage, 'store'>, { region }: { region: string }): S3Service {
  return async (request, response) => {
    const call = readCall(request, response, { store, region })
    await operationOf(call)(call)
  }
}

function operationOf(call: S3Call): Operation {
  const { request, bucket, key, query } = call
  if (bucket === '') {
    if (request.method === 'GET') return buckets.listBuckets
    throw s3Error('MethodNotAllowed', { Method: request.method, ResourceType: 'SERVICE' })
  }
  const operations = key === '' ? bucketOperations : objectOperations
  const subresource = subresources.find(name => query.has(name))
  const operation = operations[subresource === undefined ? request.method : `${request.method} ?${subresource}`]
  if (operation) {
    if (key !== '') checkKey(key)
    if (subresource !== undefined) call.store.bucket(bucket)
    return operation
  }
  if (subresource === undefined)
    throw s3Error('MethodNotAllowed', { Method: request.method, ResourceType: key === '' ? 'BUCKET' : 'OBJECT' })
  throw s3Error('NotImplemented', { Header: subresource }, `A ${request.method} of ?${subresource} is not implemented here`)
}

function documentOperations(name: string): Record<string, Operation> {
  return { [`GET ?${name}`]: getDocument(name), [`PUT ?${name}`]: putDocument(name), [`DELETE ?${name}`]: deleteDocument(name) }
}
