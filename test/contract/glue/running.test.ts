import * as glue from '@aws-sdk/client-glue'
import { beforeAll, expect, test } from 'vitest'
import { failure, openGlueContract, untilReady, type GlueContractHome } from './home.ts'

let home: GlueContractHome
beforeAll(async () => {
  // Long enough for a slow machine to ask all questions while it runs; stopping ends it at once.
  home = await openGlueContract({ leastCrawlMs: 60_000 })
})

test('running, stopping, and what is refused meanwhile', async () => {
  const bucket = await home.bucket({ 'quotes/a.json': '{"symbol":"NYA"}' })
  const Name = await home.crawler({ bucket, DatabaseName: await home.database() })
  const idle = home.client.send(new glue.StopCrawlerCommand({ Name }))
  expect((await failure(idle))[0]).toBe('CrawlerNotRunningException')
  await home.client.send(new glue.StartCrawlerCommand({ Name }))
  const { Crawler } = await home.client.send(new glue.GetCrawlerCommand({ Name }))
  expect(Crawler!.State).toBe('RUNNING')
  const again = home.client.send(new glue.StartCrawlerCommand({ Name }))
  expect(await failure(again)).toEqual(['CrawlerRunningException', `Crawler with name ${Name} has already started`])
  expect((await failure(home.client.send(new glue.UpdateCrawlerCommand({ Name, Description: 'x' }))))[0]).toBe(
    'CrawlerRunningException',
  )
  expect((await failure(home.client.send(new glue.DeleteCrawlerCommand({ Name }))))[0]).toBe('CrawlerRunningException')
  await home.client.send(new glue.StopCrawlerCommand({ Name }))
  expect((await untilReady(home.client, Name)).LastCrawl!.Status).toBe('CANCELLED')
  const { Crawls } = await home.client.send(new glue.ListCrawlsCommand({ CrawlerName: Name }))
  expect(Crawls!.map(crawl => crawl.State)).toEqual(['STOPPED'])
})
