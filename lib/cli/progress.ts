import type { WriteStream } from 'node:tty'

/** Stages of a long command: a line that is drawn over on a terminal, plain lines in a pipe. */
export interface Progress {
  begin(title: string): void
  update(text: string): void
  /** A line of its own between the stages, such as a warning. */
  note(text: string): void
  end(text: string): void
  fail(): void
}

/** Opens a progress display on stdout or stderr. */
export function openProgress(stream: WriteStream, now: () => number = () => performance.now()): Progress {
  let title = ''
  let from = 0
  let drawn = false
  const seconds = (): string => `${((now() - from) / 1000).toFixed(1)} s`.padStart(7)
  const clear = (): void => {
    if (drawn) stream.write('\r\u001b[K')
    drawn = false
  }
  const draw = (text: string): void => {
    if (!stream.isTTY) return
    clear()
    stream.write(text.slice(0, (stream.columns || 80) - 1))
    drawn = true
  }
  return {
    begin(name) {
      title = name
      from = now()
      draw(`${seconds()}  ${title} …`)
    },
    update: text => draw(`${seconds()}  ${title}: ${text}`),
    note(text) {
      clear()
      stream.write(`         ${text}\n`)
    },
    end(text) {
      clear()
      stream.write(`${seconds()}  ${title}: ${text}\n`)
    },
    fail() {
      clear()
      if (title) stream.write(`${seconds()}  ${title}: failed\n`)
    },
  }
}
