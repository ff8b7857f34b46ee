import type { LogConfig } from '../../../lib/local/broker/log/config.ts'

/** Kafka's defaults, but for nothing that goes away by itself and a dense index. */
export const logConfig: LogConfig = {
  segmentBytes: 1 << 30,
  segmentMs: 2 ** 62,
  segmentIndexBytes: 10 << 20,
  indexIntervalBytes: 100,
  retentionMs: -1,
  retentionBytes: -1,
  maxMessageBytes: 1 << 20,
  logAppendTime: false,
  timestampBeforeMaxMs: 2 ** 63,
  timestampAfterMaxMs: 2 ** 63,
  flushMessages: 2 ** 63,
  flushMs: 2 ** 63,
}
