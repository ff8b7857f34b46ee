import type { GetTagsRequest, TagResourceRequest, UntagResourceRequest } from '@aws-sdk/client-glue'
import type { CrawlerStore } from '../crawlerStore.ts'
import { accountId, invalidInput, notFound } from '../names.ts'
import { required } from './required.ts'

/** A crawler's ARN. Tags are kept under this one, whatever region and account a request names. */
export const crawlerArn = (name: string): string => `arn:aws:glue:us-east-1:${accountId}:crawler/${name}`

const mostTags = 50

/** TagResource, UntagResource, GetTags, of crawlers. */
export function tagOperations(store: CrawlerStore) {
  const arnOf = (given: string | undefined): string => {
    const name = /^arn:aws[\w-]*:glue:[\w-]*:\d{12}:crawler\/(.+)$/.exec(required(given, 'resourceArn'))?.[1]
    if (name === undefined)
      throw invalidInput(`The resource ARN ${given} is not supported: the local catalog keeps tags of crawlers.`)
    if (!store.crawlers.has(name)) throw notFound(`Crawler with name ${name} does not exist`)
    return crawlerArn(name)
  }
  return {
    async TagResource({ ResourceArn, TagsToAdd }: TagResourceRequest) {
      const arn = arnOf(ResourceArn)
      const tags = { ...store.tags.get(arn), ...required(TagsToAdd, 'tagsToAdd') }
      if (Object.keys(tags).length > mostTags) throw invalidInput(`A resource can have at most ${mostTags} tags.`)
      store.tags.set(arn, tags)
      await store.save()
      return {}
    },
    async UntagResource({ ResourceArn, TagsToRemove }: UntagResourceRequest) {
      const arn = arnOf(ResourceArn)
      const removed = required(TagsToRemove, 'tagsToRemove')
      store.tags.set(arn, Object.fromEntries(Object.entries(store.tags.get(arn) ?? {}).filter(([key]) => !removed.includes(key))))
      await store.save()
      return {}
    },
    GetTags: ({ ResourceArn }: GetTagsRequest) => ({ Tags: store.tags.get(arnOf(ResourceArn)) ?? {} }),
  }
}
