import type { Writable } from 'node:stream'

export function writeLine(stream: Writable, text: string): void {
  stream.write(`${text}\n`)
}
