import { beforeAll } from 'vitest'
import { homeForTests, type OpenLab } from '../../helpers/lab.ts'
import { chainSuite } from './chain-suite.ts'
import { kafkaSuite } from './kafka-suite.ts'
import { sinkSuite } from './sink-suite.ts'

let open: OpenLab
beforeAll(async () => {
  ;({ open } = await homeForTests())
})

kafkaSuite(overrides => open(overrides))
sinkSuite(overrides => open(overrides))
chainSuite(overrides => open(overrides))
