import { expect, it } from 'vitest'
import { topicsOf } from '../../../provisioning/kafka/client.ts'

it("reads topics from a broker's folders, without KRaft's own log and what is being deleted", () => {
  const folders = ['stock-quotes-0', 'stock-quotes-12', '__consumer_offsets-0', '__cluster_metadata-0', 'meta.properties']
  expect(topicsOf([...folders, 'gone-0.4f3a9d-delete', 'a-1-0'])).toEqual(['stock-quotes', '__consumer_offsets', 'a-1'])
})
