import { loadConfig } from '../../lib/config.ts'
import type { AwsContext } from './context.ts'

/** Only a database that is surely the lab's may be deleted with its tables: by its parameter, a name of the lab's own, or a note that it was made. */
export const databaseIsOurs = (
  { Name, Parameters }: { Name: string; Parameters?: { Project?: string } },
  { names, state }: AwsContext,
): boolean =>
  Name === loadConfig({}).database ||
  Name.startsWith('lesson_') ||
  Parameters?.Project === names.project ||
  (state.databases?.includes(Name) ?? false)

/** The same of a crawler, as far as its name tells; its tag may tell more. */
export const crawlerIsOurs = (name: string, { state }: AwsContext): boolean =>
  name === loadConfig({}).crawler || name.startsWith('lesson-') || (state.crawlers?.includes(name) ?? false)
