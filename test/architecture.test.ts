import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')

const sources = new Map<string, string>()
for (const folder of ['lib', 'provisioning', 'data', 'test']) {
  for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
    const file = relative(root, join(entry.parentPath, entry.name))
    if (entry.isFile() && /\.(ts|mjs|cjs)$/.test(file) && !/(^|\/)(node_modules|dist|fixtures)\//.test(file))
      sources.set(file, readFileSync(join(root, file), 'utf8'))
  }
}

/** Project files that a file imports; `import type` counts as one that is erased. */
function imports(file: string, { types = true } = {}): string[] {
  const found = [
    ...sources.get(file)!.matchAll(/(?:^|\n)\s*(?:import|export)\s+(type\s)?[^'"]*?from\s+'(\.[^']+)'|import\('(\.[^']+)'\)/g),
  ]
  return found
    .filter(([, type]) => types || !type)
    .map(([, , from, lazy]) => relative(root, resolve(root, dirname(file), from ?? lazy)))
}

const lib = [...sources.keys()].filter(file => file.startsWith('lib/'))
const local = lib.filter(file => file.startsWith('lib/local/'))
const pipeline = lib.filter(file => !file.startsWith('lib/local/') && !file.startsWith('lib/cli'))
const without = (...names: string[]) => pipeline.filter(file => !names.includes(file))

describe('who imports whom', () => {
  it('rooms do not import rooms, but for the sink', () => {
    const rooms = [
      'source',
      'producer',
      'topic',
      'group',
      'consumer',
      'sink',
      'bucket',
      'crawler',
      'catalog',
      'query',
      'chart',
      'notebook',
      'take',
    ].map(name => `lib/${name}.ts`)
    const roomOf = (file: string): string => file.replace(/^lib\/(sink|consumer|chart|source)\/.*/, 'lib/$1.ts')
    const allowed: Record<string, string[]> = {
      'lib/sink.ts': ['lib/consumer.ts', 'lib/bucket.ts', 'lib/producer.ts', 'lib/topic.ts'],
      'lib/notebook.ts': ['lib/chart.ts'],
    }
    for (const file of pipeline.filter(file => rooms.includes(roomOf(file)))) {
      const others = imports(file)
        .map(roomOf)
        .filter(other => rooms.includes(other) && other !== roomOf(file))
      expect(
        others.filter(other => !allowed[roomOf(file)]?.includes(other)),
        file,
      ).toEqual([])
    }
  })

  it('only lab.ts makes clients, and only home.ts starts the embedded home', () => {
    for (const file of without('lib/lab.ts')) expect(sources.get(file), file).not.toMatch(/new (Kafka|S3|Glue|Athena)(Client)?\(/)
    for (const file of without('lib/home.ts')) expect(sources.get(file), file).not.toMatch(/child_process/)
  })

  it('only config.ts reads the environment', () => {
    for (const file of without('lib/config.ts')) expect(sources.get(file), file).not.toMatch(/process\.env\b/)
  })

  it('only bucket.ts knows how objects are named', () => {
    for (const file of without('lib/bucket.ts')) expect(sources.get(file), file).not.toMatch(/json\.gz|dt=/)
  })

  it('only wait.ts polls', () => {
    for (const file of without('lib/wait.ts', 'lib/take.ts'))
      expect(sources.get(file), file).not.toMatch(/setInterval\(|setTimeout\(|timers\/promises/)
  })

  it('only chart.ts draws', () => {
    for (const file of lib.filter(file => !/^lib\/chart[./]/.test(file)))
      expect(sources.get(file), file).not.toMatch(/@observablehq\/plot|resvg|linkedom/)
  })

  it('the pipeline and the local stack never import each other', () => {
    for (const file of [...pipeline, ...lib.filter(file => file.startsWith('lib/cli'))])
      expect(
        imports(file).filter(other => other.startsWith('lib/local/')),
        file,
      ).toEqual([])
    for (const file of local)
      expect(
        imports(file).filter(other => !other.startsWith('lib/local/')),
        file,
      ).toEqual([])
  })

  it('in the local stack athena stands on glue, glue on s3, never back, and the broker alone', () => {
    const may: Record<string, string[]> = {
      broker: [],
      aws: ['s3'],
      s3: ['aws'],
      glue: ['s3', 'aws'],
      athena: ['glue', 's3', 'aws'],
    }
    for (const file of local) {
      const room = file.split('/')[2]
      if (!(room in may)) continue
      const others = imports(file)
        .map(other => other.split('/')[2])
        .filter(other => other in may && other !== room)
      expect(
        others.filter(other => !may[room].includes(other)),
        file,
      ).toEqual([])
    }
  })

  it('nothing inside imports a barrel', () => {
    for (const file of lib.filter(file => file !== 'lib/local/process.ts')) {
      expect(
        imports(file).filter(other => other === 'lib/index.ts' || other === 'lib/local/index.ts'),
        file,
      ).toEqual([])
    }
  })

  it('has no cycles', () => {
    const state = new Map<string, 'open' | 'done'>()
    const visit = (file: string, path: string[]): void => {
      if (state.get(file) === 'done') return
      if (state.get(file) === 'open') throw new Error(`cycle: ${[...path.slice(path.indexOf(file)), file].join(' -> ')}`)
      state.set(file, 'open')
      for (const other of imports(file, { types: false })) if (sources.has(other)) visit(other, [...path, file])
      state.set(file, 'done')
    }
    for (const file of lib) visit(file, [])
  })
})

describe('the code', () => {
  it('keeps files under 300 lines', () => {
    const long = [...sources].map(([file, text]) => [file, text.split('\n').length] as const).filter(([, lines]) => lines > 300)
    expect(long).toEqual([])
  })

  it('has no default exports and no work at import time', () => {
    for (const file of lib) {
      const text = sources.get(file)!
      expect(text, file).not.toMatch(/^export default/m)
      expect(text, file).not.toMatch(/^(?:const .* = )?await /m)
    }
  })

  it('uses erasable syntax and names files in imports', () => {
    for (const file of lib) {
      expect(sources.get(file), file).not.toMatch(/^\s*(export )?(enum|namespace) /m)
      expect(
        imports(file).filter(other => !/\.(ts|cjs|mjs)$/.test(other)),
        file,
      ).toEqual([])
    }
  })

  it('has no drawers', () => {
    expect(lib.filter(file => /(^|\/)(utils?|helpers?|common|misc)(\.ts|\/)/.test(file))).toEqual([])
  })

  it('names no machine and no registry', () => {
    const lock = readFileSync(join(root, 'package-lock.json'), 'utf8')
    expect(lock).not.toMatch(/"resolved": "http/)
  })
})
