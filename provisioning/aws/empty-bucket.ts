import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LabError } from '../../lib/errors.ts'
import type { Aws } from './cli.ts'

interface Versions {
  Versions?: { Key: string; VersionId: string }[]
  DeleteMarkers?: { Key: string; VersionId: string }[]
}

/** Deletes every object of a bucket with all its versions and markers, and breaks off uploads; 1000 at a time, as S3 allows. */
export async function emptyBucket(aws: Aws, bucket: string): Promise<void> {
  for (;;) {
    const page = await aws<Versions | undefined>`s3api list-object-versions --bucket ${bucket} --no-paginate --max-keys 1000`
    const objects = [...(page?.Versions ?? []), ...(page?.DeleteMarkers ?? [])].map(({ Key, VersionId }) => ({ Key, VersionId }))
    if (!objects.length) break
    await deleteObjects(aws, bucket, objects)
  }
  const uploads = await aws<
    { Uploads?: { Key: string; UploadId: string }[] } | undefined
  >`s3api list-multipart-uploads --bucket ${bucket}`
  for (const { Key, UploadId } of uploads?.Uploads ?? []) {
    // as JSON: the CLI takes a word for an option when it begins with -, for a file to read when with file://
    const upload = JSON.stringify({ Bucket: bucket, Key, UploadId })
    await aws`s3api abort-multipart-upload --cli-input-json ${upload}`
  }
}

async function deleteObjects(aws: Aws, bucket: string, objects: { Key: string; VersionId: string }[]): Promise<void> {
  // through a file: a thousand names do not fit on a command line
  const folder = mkdtempSync(join(tmpdir(), 'tickerlake-delete-'))
  try {
    writeFileSync(join(folder, 'list.json'), JSON.stringify({ Objects: objects, Quiet: true }), { mode: 0o600 })
    const answer = await aws<
      { Errors?: { Key: string; Message: string }[] } | undefined
    >`s3api delete-objects --bucket ${bucket} --delete ${`file://${folder}/list.json`}`
    const [refused] = answer?.Errors ?? []
    if (refused) throw new LabError('BUCKET', `Bucket ${bucket}: ${refused.Key} could not be deleted: ${refused.Message}.`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
