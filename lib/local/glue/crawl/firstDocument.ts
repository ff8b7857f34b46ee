/** Follows the brackets of a text that grows, to tell whether its first JSON document has ended: each character is looked at once. */
export class FirstDocument {
  #at = 0
  #depth = 0
  #isQuoted = false

  /** `text` starts with the text of the call before. */
  endsIn(text: string): boolean {
    for (; this.#at < text.length; this.#at += 1) {
      const code = text.charCodeAt(this.#at)
      if (code === 0x22) this.#isQuoted = !this.#isQuoted
      else if (this.#isQuoted) {
        if (code === 0x5c) this.#at += 1
      } else if (code === 0x7b || code === 0x5b) this.#depth += 1
      else if (code === 0x7d || code === 0x5d) {
        this.#depth -= 1
        if (this.#depth <= 0) return true
      }
    }
    return false
  }
}
