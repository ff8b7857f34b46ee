import { readdirSync, readFileSync } from 'node:fs'
import { QueryError } from '../../../../lib/local/athena/sql/error.ts'
import type { Engine } from './engine.ts'

const folder = new URL('../../../fixtures/athena/', import.meta.url)

function random(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const PIECES =
  `( ) , . ; ' " * + - / % = <> < > || [ ] { } :: ? -> => NULL 0 -1 1.5 'x' 9223372036854775807 SELECT FROM WHERE GROUP BY ORDER LIMIT
  UNION JOIN ON OVER WITH AS CASE WHEN END IN NOT AND OR BETWEEN LIKE EXISTS CAST DATE INTERVAL ARRAY ROW map( count(*) max( read_csv( close "index"
  stockmarket_project QUALIFY TOP EXCLUDE PRAGMA COPY ATTACH`.split(/\s+/)

/** One small damage: a token taken out, doubled, exchanged, moved, or a character changed. */
function mutate(sql: string, below: (n: number) => number): string {
  const tokens = sql.match(/'(?:[^']|'')*'|\w+|\s+|./gs) ?? []
  if (!tokens.length) return sql
  const at = below(tokens.length)
  switch (below(6)) {
    case 0:
      tokens.splice(at, 1)
      break
    case 1:
      tokens.splice(at, 0, tokens[at]!, ' ')
      break
    case 2:
      tokens[at] = ` ${PIECES[below(PIECES.length)]} `
      break
    case 3:
      tokens.splice(at, 0, ` ${PIECES[below(PIECES.length)]} `)
      break
    case 4:
      tokens.splice(below(tokens.length), 0, ...tokens.splice(at, 1 + below(4)))
      break
    default: {
      const text = tokens[at]!
      const i = below(text.length)
      tokens[at] = text.slice(0, i) + String.fromCharCode(32 + below(95)) + text.slice(i + 1)
    }
  }
  return tokens.join('')
}

/** Asks `count` damaged queries; answers with the ones that ended neither in rows nor in one clean error. */
export async function fuzz(engine: Engine, count: number, seed: number): Promise<string[]> {
  const below = random(seed)
  const queries = readdirSync(folder)
    .filter(file => file.endsWith('.json'))
    .flatMap(file => JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as { sql: string }[])
  const bad: string[] = []
  for (let i = 0; i < count; i++) {
    let sql = queries[below(queries.length)]!.sql
    for (let damage = below(3); damage >= 0; damage--) sql = mutate(sql, below)
    const timer = setTimeout(() => engine.connection.interrupt(), 2000)
    try {
      await engine.ask(sql)
    } catch (error) {
      const clean =
        error instanceof QueryError && (error.code !== 'GENERIC_INTERNAL_ERROR' || /interrupt/i.test(String(error.cause)))
      if (!clean) bad.push(`${sql}\n  ${error instanceof QueryError ? String(error.cause) : (error as Error).stack}`)
    } finally {
      clearTimeout(timer)
    }
  }
  return bad
}
