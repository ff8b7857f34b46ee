import type { Config } from '../../lib/config.ts'

/** What everything the lab makes on AWS is called. */
export interface Names {
  /** Value of the tag `Project` on everything that can carry one. */
  project: string
  /** IAM path of roles and users. */
  path: string
  key: string
  securityGroup: string
  instance: string
  bucket: string
  /** True when the bucket's name can only be the lab's own. */
  bucketIsOurs: boolean
  prefix: string
  database: string
  crawler: string
  workgroup: string
  budget: string
  user: string
  group: string
  roles: { crawler: string; sink: string; analyst: string }
}

interface Place {
  account: string
  region: string
  bucket?: string
  prefix?: string
  database?: string
  crawler?: string
  workgroup?: string
}

/**
 * The names of a lab: those a place has already, else the configuration's, else `tickerlake`. A bucket's name must be the only one in
 * the world.
 */
export function names(config: Config, place: Place): Names {
  const own = `tickerlake-${place.account}-${place.region}`
  const bucket = place.bucket ?? own
  return {
    project: 'tickerlake',
    path: '/tickerlake/',
    key: 'tickerlake',
    securityGroup: 'tickerlake-kafka',
    instance: 'tickerlake-kafka',
    bucket,
    bucketIsOurs: bucket === own,
    prefix: place.prefix ?? config.prefix,
    database: place.database ?? config.database,
    crawler: place.crawler ?? config.crawler,
    workgroup: place.workgroup ?? (config.workgroup === 'primary' ? 'tickerlake' : config.workgroup),
    budget: 'tickerlake',
    user: 'tickerlake-learner',
    group: 'tickerlake-learners',
    roles: roleNames,
  }
}

/** IAM's names for the three jobs. */
export const roleNames = { crawler: 'tickerlake-crawler', sink: 'tickerlake-sink', analyst: 'tickerlake-analyst' }

/** A tag as most services answer it. */
export interface Tag {
  Key: string
  Value: string
}

/** Whether something carries the lab's tag: what does not is somebody else's, whatever its name. */
export const isTagged = (tags: Tag[] | undefined, { project }: Names): boolean =>
  tags?.some(({ Key, Value }) => Key === 'Project' && Value === project) ?? false

/** `Key=Project,Value=…` for a resource, as EC2's tag specifications want them. */
export const tagSpecification = (type: string, name: string, { project }: Names): string =>
  `ResourceType=${type},Tags=[{Key=Project,Value=${project}},{Key=Name,Value=${name}}]`
