import type { Crawler, SchemaChangePolicy } from '@aws-sdk/client-glue'

/** Names of what a crawl changed; partitions as `table[value, ...]`. */
export interface Changes {
  tables: { added: string[]; updated: string[]; deleted: string[] }
  partitions: { added: string[]; updated: string[]; deleted: string[] }
}

/** A crawler's policy with Glue's defaults. */
export const policyOf = ({ crawler }: { crawler: Crawler }): Required<SchemaChangePolicy> => ({
  UpdateBehavior: crawler.SchemaChangePolicy?.UpdateBehavior ?? 'UPDATE_IN_DATABASE',
  DeleteBehavior: crawler.SchemaChangePolicy?.DeleteBehavior ?? 'DEPRECATE_IN_DATABASE',
})

/** The parameter a crawler puts on what it no longer finds: epoch milliseconds. */
export const deprecated = 'DEPRECATED_BY_CRAWLER'
