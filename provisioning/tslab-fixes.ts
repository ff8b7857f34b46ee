import { registerHooks } from 'node:module'

/**
 * Loaded into the kernel before tslab 1.0.22 (the last release), to repair one thing: `{ topic }` in a cell, with `topic` from an earlier cell, is a
 * ReferenceError there. tslab looks up the property's symbol where it needs the value's.
 */
registerHooks({
  load(url, context, next) {
    const loaded = next(url, context)
    if (!url.endsWith('/tslab/dist/converter.js')) return loaded
    const source = String(loaded.source)
    if (!source.includes(anchor)) throw new Error(`${url} is not the tslab that tslab-fixes.ts was made for`)
    return { ...loaded, source: source.replace(anchor, `${repair}${anchor}`) }
  },
})

const anchor = `if (!ts.isIdentifier(node)) {
                return ts.visitEachChild(node, wrapPrevIdentifier`

const repair = `if (ts.isShorthandPropertyAssignment(node)) {
                const value = checker.getShorthandAssignmentValueSymbol(node);
                if (!value?.declarations?.some(each => each.getSourceFile() === declsFile)) return node;
                const access = ts.factory.createPropertyAccessExpression(ts.factory.createIdentifier("exports"), node.name);
                return ts.factory.createPropertyAssignment(node.name, access);
            }
            `
