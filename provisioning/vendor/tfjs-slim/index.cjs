'use strict' // What danfojs-node needs of @tensorflow/tfjs-node: tensors on the CPU backend, plus data.array for sample().
const tf = require('@tensorflow/tfjs-core')
require('@tensorflow/tfjs-backend-cpu')
tf.setBackend('cpu')
tf.backend().firstUse = false // silences the "install our node backend" banner
const proto = tf.Tensor.prototype // tfjs-core alone ships tensors without their chained methods
for (const op of [
  'add',
  'sub',
  'mul',
  'div',
  'divNoNan',
  'pow',
  'mod',
  'abs',
  'sqrt',
  'square',
  'floor',
  'round',
  'min',
  'max',
  'mean',
  'sum',
  'argMin',
  'argMax',
  'greater',
  'greaterEqual',
  'less',
  'lessEqual',
  'equal',
  'notEqual',
  'logicalAnd',
  'logicalOr',
  'transpose',
  'reshape',
  'squeeze',
  'expandDims',
  'concat',
  'maximum',
  'minimum',
  'cumsum',
  'slice',
  'gather',
])
  if (!proto[op])
    proto[op] = function (...args) {
      this.throwIfDisposed()
      return tf[op](this, ...args)
    }
const mulberry = s => () => {
  s = (s + 0x6d2b79f5) | 0
  let t = Math.imul(s ^ (s >>> 15), 1 | s)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}
class Rows {
  constructor(a) {
    this.a = a
  }
  shuffle(_buffer, seed) {
    const r = mulberry([...String(seed)].reduce((h, c) => Math.imul(h, 31) + c.charCodeAt(0), 7)),
      a = [...this.a]
    for (let i = a.length - 1; i > 0; i--) {
      const j = Math.floor(r() * (i + 1))
      ;[a[i], a[j]] = [a[j], a[i]]
    }
    return new Rows(a)
  } // whole-array shuffle: fixes sample(1) always being row 0
  take(n) {
    return new Rows(this.a.slice(0, n))
  }
  async toArray() {
    return this.a
  }
}
module.exports = { ...tf, data: { array: a => new Rows(a) } }
