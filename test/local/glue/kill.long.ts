import { test } from 'vitest'
import { temporaryFolder } from '../../helpers/folder.ts'
import { killDrill } from './kill.ts'

test('what was acknowledged before a kill -9 is there, 100 times', () => killDrill(temporaryFolder(), { kills: 100, seed: 12 }))
