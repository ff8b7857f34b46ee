import { aggregateFunctions, windowFunctions } from './aggregates.ts'
import { binaryFunctions } from './binary.ts'
import { arrayFunctions, mapFunctions } from './collections.ts'
import { datetimeFunctions } from './datetime.ts'
import { jsonFunctions } from './json.ts'
import { mathFunctions } from './math.ts'
import { readableFunctions } from './readable.ts'
import { readSignature, type FunctionTable, type Signature, type Template } from './signature.ts'
import { regexpFunctions, stringFunctions } from './string.ts'
import { urlFunctions } from './url.ts'

export type FunctionKind = 'scalar' | 'aggregate' | 'window'

const FAMILIES: [FunctionKind, FunctionTable][] = [
  ['scalar', { ...stringFunctions, ...regexpFunctions }],
  ['scalar', mathFunctions],
  ['scalar', datetimeFunctions],
  ['scalar', { ...arrayFunctions, ...mapFunctions }],
  ['scalar', { ...readableFunctions, ...binaryFunctions, ...urlFunctions, ...jsonFunctions }],
  ['aggregate', aggregateFunctions],
  ['window', windowFunctions],
]

interface Routine {
  kind: FunctionKind
  lines: [string, Template][]
  signatures?: Signature[]
}

let registry: Map<string, Routine> | undefined

function routines(): Map<string, Routine> {
  if (registry) return registry
  registry = new Map()
  for (const [kind, table] of FAMILIES)
    for (const text of Object.keys(table)) {
      const name = text.slice(0, text.indexOf('('))
      const routine: Routine = registry.get(name) ?? { kind, lines: [] }
      routine.lines.push([text, table[text]!])
      registry.set(name, routine)
    }
  return registry
}

/** Names of all functions: the allow-list. */
export const functionNames = (): string[] => [...routines().keys()]

/** A function by its lower-case name; undefined: there is none (FUNCTION_NOT_FOUND). Signatures are read on first use. */
export function findFunction(name: string): { kind: FunctionKind; signatures: Signature[] } | undefined {
  const routine = routines().get(name)
  if (!routine) return undefined
  routine.signatures ??= routine.lines.map(([text, template]) => readSignature(text, template))
  return { kind: routine.kind, signatures: routine.signatures }
}
