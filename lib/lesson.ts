import { deleteObjects } from './bucket.ts'
import { deleteDatabase } from './catalog.ts'
import { deleteCrawler } from './crawler.ts'
import { deleteGroup } from './group.ts'
import { LabError } from './errors.ts'
import { openLab, type Lab } from './lab.ts'
import { deleteTopic, listTopics } from './topic.ts'

/** Opens the lab under a lesson's own names (topic `lesson-03-quotes`, prefix `lesson-03/quotes/`, database `lesson_03` …), so that lessons and
 *  `npm start` never meet. */
export function openLesson(number: string): Lab {
  const lesson = `lesson-${number}`
  return openLab({
    topic: `${lesson}-quotes`,
    group: `${lesson}-sink`,
    prefix: `${lesson}/quotes/`,
    table: 'quotes',
    database: `lesson_${number}`,
    crawler: `${lesson}-crawler`,
  })
}

export interface StartOverReport {
  topics: string[]
  groups: string[]
  objects: number
  crawlers: string[]
  databases: string[]
}

/** Deletes what a lesson has made, its own names only, and answers what there was: the first cell (after a run that was broken off) and the last.
 *  `groups` and `crawlers` are those the lesson made beside its own. */
export async function startOver(
  lab: Lab,
  { groups = [], crawlers = [] }: { groups?: string[]; crawlers?: string[] } = {},
): Promise<StartOverReport> {
  const { topic, group, prefix, database, crawler } = lab.config
  const lesson = /^lesson-\d+/.exec(topic)?.[0]
  if (!lesson)
    throw new LabError('NOT_A_LESSON', `topic ${topic}: only a lesson's own things are deleted. Open it with openLesson().`)
  const topics = (await listTopics(lab)).filter(name => name.startsWith(`${lesson}-`))
  // Before the topics: a broker drops the offsets of a topic that goes, and with them the empty group.
  const removedGroups = await those([group, ...groups], name => deleteGroup(lab, name, { waitMs: 40_000 }))
  for (const name of topics) await deleteTopic(lab, name)
  const folder = prefix.slice(0, prefix.indexOf('/') + 1)
  return {
    topics,
    groups: removedGroups,
    objects: (await deleteObjects(lab, { prefix: folder })).deleted,
    crawlers: await those([crawler, ...crawlers], name => deleteCrawler(lab, name)),
    databases: await those([database], name => deleteDatabase(lab, name)),
  }
}

/** The names for which there was something to do. */
async function those(names: string[], remove: (name: string) => Promise<boolean>): Promise<string[]> {
  const removed: string[] = []
  for (const name of names) if (await remove(name)) removed.push(name)
  return removed
}
