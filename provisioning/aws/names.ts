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

/** The names of a lab: the configuration's where it has them, else `tickerlake`. A bucket's name must be the only one in the world. */
export function names(config: Config, place: { account: string; region: string; bucket?: string }): Names {
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
    prefix: config.prefix,
    database: config.database,
    crawler: config.crawler,
    workgroup: config.workgroup === 'primary' ? 'tickerlake' : config.workgroup,
    budget: 'tickerlake',
    user: 'tickerlake-learner',
    group: 'tickerlake-learners',
    roles: roleNames,
  }
}

/** IAM's names for the three jobs. */
export const roleNames = { crawler: 'tickerlake-crawler', sink: 'tickerlake-sink', analyst: 'tickerlake-analyst' }

/** `Key=Project,Value=…` for a resource, as EC2's tag specifications want them. */
export const tagSpecification = (type: string, name: string, { project }: Names): string =>
  `ResourceType=${type},Tags=[{Key=Project,Value=${project}},{Key=Name,Value=${name}}]`
