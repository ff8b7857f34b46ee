import { beforeAll, describe, expect, it } from 'vitest'
import { ensureBucket } from '../lib/bucket.ts'
import type { Lab } from '../lib/lab.ts'
import { query, queryRows } from '../lib/query.ts'
import { homeForTests, type OpenLab } from './helpers/lab.ts'

let lab: Lab
let open: OpenLab
beforeAll(async () => {
  open = (await homeForTests()).open
  lab = open()
  await ensureBucket(lab)
})

describe('query', () => {
  it('answers values of the types that the columns have, and integers exactly', async () => {
    const sql = `SELECT 1 AS a, 9007199254740993 AS big, 1.5E0 AS c, 'x' AS d, true AS e, CAST(NULL AS varchar) AS f, DATE '2021-05-28' AS g`
    const { rows, columns, truncated } = await query(lab, sql)
    expect(rows).toEqual([{ a: 1, big: 9007199254740993n, c: 1.5, d: 'x', e: true, f: null, g: '2021-05-28' }])
    expect(columns.map(({ type }) => type)).toEqual(['integer', 'bigint', 'double', 'varchar', 'boolean', 'varchar', 'date'])
    expect(truncated).toBe(false)
  })

  it("makes the settings' work group at home, where the scripts for AWS have not", async () => {
    const sql = 'SELECT 1 AS a'
    const both = await Promise.all(['1', '2'].map(() => query(open({ workgroup: 'tickerlake', bucket: lab.config.bucket }), sql)))
    expect(both.map(({ rows }) => rows)).toEqual([[{ a: 1 }], [{ a: 1 }]])
  })

  it('keeps columns of the same name apart', async () => {
    const { rows, columns } = await query(lab, 'SELECT 1 AS a, 2 AS a, 3 AS a_2, 4 AS a')
    expect(rows).toEqual([{ a: 1, a_3: 2, a_2: 3, a_4: 4 }])
    expect(columns.map(({ name }) => name)).toEqual(['a', 'a_3', 'a_2', 'a_4'])
  })

  it('keeps no more rows than it is told, and says so', async () => {
    const { rows, truncated } = await query(lab, 'SELECT n FROM UNNEST(sequence(1, 2500)) AS t(n)', { maxRows: 1200 })
    expect([rows.length, truncated]).toEqual([1200, true])
  })

  it('gives rows one by one, over the pages', async () => {
    let sum = 0
    for await (const { n } of queryRows<{ n: number }>(lab, 'SELECT n FROM UNNEST(sequence(1, 2500)) AS t(n)')) sum += n
    expect(sum).toBe((2500 * 2501) / 2)
  })

  it('takes values for the question marks', async () => {
    expect((await query(lab, 'SELECT ? AS a, ? AS b', { parameters: ['1', `'it''s'`] })).rows).toEqual([{ a: 1, b: "it's" }])
  })

  it("throws Athena's own code and sentence, and ends with the signal", async () => {
    await expect(query(lab, 'SELECT nothing')).rejects.toMatchObject({
      code: 'COLUMN_NOT_FOUND',
      message: expect.stringContaining("Column 'nothing' cannot be resolved"),
    })
    await expect(query(lab, 'SELECT 1', { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'QUERY_STOPPED' })
  })
})
