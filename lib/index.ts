// The front door. It names no SDK type and loads heavy modules when they are first used, so that a notebook's first cell is quick.
export { openLab, type Lab } from './lab.ts'
export { loadConfig, tableName, type Config } from './config.ts'
export { LabError, errorMessage } from './errors.ts'
export { sleep, waitFor, type WaitOptions } from './wait.ts'
export { csvHeader, decodeQuote, encodeQuote, parseQuote, type Quote } from './quote.ts'
export { readQuotes, type SourceOptions } from './source.ts'
export { createTopic, deleteTopic, describeTopic, ensureTopic, listTopics, type TopicOptions, type TopicReport } from './topic.ts'
export { deleteGroup, describeGroup, listGroups, resetGroup, type GroupReport } from './group.ts'
export { produce, produceRaw, type ProduceOptions, type ProduceReport, type RawMessage } from './producer.ts'
export { committedOffsets, topicOffsets, type KafkaRecord } from './consumer/consumer.ts'
export { consume, type ConsumeOptions, type ConsumeReport } from './consumer/consume.ts'
export { peek, type PeekOptions } from './consumer/peek.ts'
export { sink, type SinkOptions, type SinkReport } from './sink/sink.ts'
export {
  deleteObjects,
  ensureBucket,
  listObjects,
  measureObjects,
  parseObjectKey,
  putObject,
  readObject,
  type ObjectReport,
} from './bucket.ts'
export { crawl, deleteCrawler, type CrawlOptions, type CrawlReport } from './crawler.ts'
export { deleteDatabase, describeTable, listPartitions, listTables, type TableReport } from './catalog.ts'
export { createBarsView, query, queryRows, type QueryOptions, type QueryReport, type Value } from './query.ts'
export { barChart, candleChart, chartPng, lineChart, writeChart, type Bar, type Figure } from './chart.ts'
export { check, progress, show, table, type Live, type TableOptions } from './notebook.ts'
export { batchOutput } from './quiet.ts'
export { openLesson, startOver, type StartOverReport } from './lesson.ts'
export { collect, stopSignal, take, type Limit, type Stop, type Taken } from './take.ts'
