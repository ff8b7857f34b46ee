'use strict'

// Stands in for @tensorflow/tfjs-node, which danfojs-node wants and which downloads a native library when it is installed. danfojs needs no more than
// tensors on the CPU, their chained methods, and `data.array` for sample().
const tf = require('@tensorflow/tfjs-core')
require('@tensorflow/tfjs-backend-cpu')

tf.setBackend('cpu')
tf.backend().firstUse = false // else it prints an advertisement for the native library

// tfjs-core alone ships tensors without their chained methods.
const chained =
  'abs add argMax argMin concat cumsum div divNoNan equal expandDims floor gather greater greaterEqual less lessEqual logicalAnd logicalOr max ' +
  'maximum mean min minimum mod mul notEqual pow reshape round slice sqrt square squeeze sub sum transpose'
for (const name of chained.split(' ')) {
  tf.Tensor.prototype[name] ??= function (...args) {
    this.throwIfDisposed()
    return tf[name](this, ...args)
  }
}

/** The part of tf.data.Dataset that sample() uses. */
class Rows {
  constructor(items) {
    this.items = items
  }

  /** Shuffles all rows, the same way for the same seed. tfjs-node shuffles within a buffer of as many rows as were asked for, so that there
   *  `sample(1)` is the first row every time (danfojs issue 551). */
  shuffle(_bufferSize, seed) {
    const random = randomOf(String(seed))
    const items = [...this.items]
    for (let i = items.length - 1; i > 0; i--) {
      const j = Math.floor(random() * (i + 1))
      ;[items[i], items[j]] = [items[j], items[i]]
    }
    return new Rows(items)
  }

  take(count) {
    return new Rows(this.items.slice(0, count))
  }

  async toArray() {
    return this.items
  }
}

/** Numbers in [0, 1) from a text (mulberry32). */
function randomOf(seed) {
  let state = 7
  for (const letter of seed) state = Math.imul(state, 31) + letter.charCodeAt(0)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

module.exports = { ...tf, data: { array: items => new Rows(items) } }
