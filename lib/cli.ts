#!/usr/bin/env node
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'

// Behind Node's compile cache the commands are there in a third of the time. The cache lies in the project: one in a folder that others can write would
// let them put code into it.
enableCompileCache(join(import.meta.dirname, '..', 'node_modules', '.cache', 'compile'))
void import('./cli/program.ts').then(({ main }) => main())
