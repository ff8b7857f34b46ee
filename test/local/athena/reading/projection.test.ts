import { expect, test } from 'vitest'
import { formatDate, projectedLocation, projectedPartitions } from '../../../../lib/local/athena/reading/projection.ts'
import { readColumns } from '../../../../lib/local/athena/reading/partitions.ts'

const now = new Date('2024-03-31T12:34:56Z')
const values = (properties: Record<string, string>) => {
  const named = Object.fromEntries(Object.entries(properties).map(([name, value]) => [`projection.k.${name}`, value]))
  return projectedPartitions(readColumns([{ Name: 'k', Type: 'string' }]), named, now).map(([value]) => value)
}

test('enumerations and integers', () => {
  expect(values({ type: 'enum', values: 'a,b' })).toEqual(['a', 'b'])
  expect(values({ type: 'integer', range: '-1,3', interval: '2' })).toEqual(['-1', '1', '3'])
  expect(values({ type: 'integer', range: '8,10', digits: '3' })).toEqual(['008', '009', '010'])
})

test('dates count in the format’s own unit, or in the one that is given', () => {
  expect(values({ type: 'date', format: 'yyyy-MM-dd', range: '2024-02-28,2024-03-01' })).toEqual([
    '2024-02-28',
    '2024-02-29',
    '2024-03-01',
  ])
  expect(values({ type: 'date', format: 'yyyyMM', range: '202311,202402' })).toEqual(['202311', '202312', '202401', '202402'])
  expect(values({ type: 'date', format: 'yyyy/MM/dd/HH', range: '2024/01/01/22,2024/01/02/01' })).toEqual([
    '2024/01/01/22',
    '2024/01/01/23',
    '2024/01/02/00',
    '2024/01/02/01',
  ])
  expect(
    values({ type: 'date', format: 'yyyy-MM-dd', range: '2024-01-01,2024-01-20', interval: '1', 'interval.unit': 'WEEKS' }),
  ).toEqual(['2024-01-01', '2024-01-08', '2024-01-15'])
  expect(values({ type: 'date', format: 'yyyy-MM-dd', range: 'NOW-2DAYS,NOW' })).toEqual([
    '2024-03-29',
    '2024-03-30',
    '2024-03-31',
  ])
  expect(values({ type: 'date', format: "'y'yyyy", range: 'NOW-1YEAR,NOW+1YEAR' })).toEqual(['y2023', 'y2024', 'y2025'])
})

test('several keys combine', () => {
  const keys = readColumns([
    { Name: 'a', Type: 'string' },
    { Name: 'b', Type: 'int' },
  ])
  const properties = {
    'projection.a.type': 'enum',
    'projection.a.values': 'x,y',
    'projection.b.type': 'integer',
    'projection.b.range': '1,2',
  }
  expect(projectedPartitions(keys, properties, now)).toEqual([
    ['x', '1'],
    ['x', '2'],
    ['y', '1'],
    ['y', '2'],
  ])
  expect(projectedLocation('s3://b/t', keys, ['x', '1'], {})).toBe('s3://b/t/a=x/b=1/')
  expect(projectedLocation('s3://b/t', keys, ['x', '1'], { 'storage.location.template': 's3://b/${b}/${a}' })).toBe('s3://b/1/x')
})

test('what is missing or unreadable is named', () => {
  expect(() => values({})).toThrow('Table properties do not contain projection.k.type')
  expect(() => values({ type: 'enum' })).toThrow('projection.k.values')
  expect(() => values({ type: 'integer', range: '1,x' })).toThrow('projection.k.range is invalid: 1,x')
  expect(() => values({ type: 'date', format: 'yyyy', range: '2020' })).toThrow('projection.k.range is invalid')
  expect(() => values({ type: 'injected' })).toThrow('projection.k.type is invalid')
  expect(() => values({ type: 'integer', range: '0,999999999999' })).toThrow('range')
})

test('a date in a pattern', () => expect(formatDate(now, "yyyy-MM-dd'T'HH:mm:ss")).toBe('2024-03-31T12:34:56'))
