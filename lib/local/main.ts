import { enableCompileCache } from 'node:module'
import { join } from 'node:path'

// Behind Node's compile cache the home is up in half the time, its query processes (which inherit the variable) too. The cache lies in the project: one in
// a folder that others can write would let them put code into it.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'compile')
enableCompileCache(process.env.NODE_COMPILE_CACHE)
void import('./process.ts').then(({ main }) => main())
