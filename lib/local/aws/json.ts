/** One JSON service behind the AWS server (`X-Amz-Target: <target>.<Operation>`). An operation takes the request's body and answers with the
 *  response's body; timestamps are epoch seconds as numbers. It fails with a `ServiceError`; anything else is answered as InternalServiceException. */
export interface JsonService {
  /** `AWSGlue` or `AmazonAthena`. */
  target: string
  operations: Record<string, (input: never) => object | Promise<object>>
  close(): Promise<void>
}
