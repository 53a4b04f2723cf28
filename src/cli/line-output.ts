import type { Writable } from 'node:stream'

export function writeLine(stream: Writable, text: string): void {
  stream.write(`${text}\n`)
}

/** The same, resolved once the stream has taken it: output longer than a pipe holds is cut off by the process's end. */
export function writeLineOut(stream: Writable, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(`${text}\n`, (error) => (error ? reject(error) : resolve()))
  })
}
