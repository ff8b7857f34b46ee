import { test } from 'vitest'
import { temporaryFolder } from '../../helpers/folder.ts'
import { killDrill } from './kill.ts'

test('what was acknowledged before a kill -9 is there, 5 times', () => killDrill(temporaryFolder(), { kills: 5, seed: 11 }))
