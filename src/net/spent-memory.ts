import { MessageChannel } from 'node:worker_threads'

/** A smaller buffer costs more to give back than to leave to the garbage collector; and Node's shared pool is below it. */
const LEAST_BYTES = 12 * 1024

/** A port without another end: what is transferred to it is gone at once. */
const nowhere = portToNowhere()

/**
 * Gives the memory of a chunk back at once. Whoever reads gigabytes by `data` events gets new memory for each chunk,
 * and the collector lets tens of megabytes of them pile up: each read then goes to cold, often to fresh pages. Given
 * back, the same few pages, still in the cache, serve the next read.
 *
 * Only for a chunk that a socket has made, that nobody else has, and that nobody looks at again: it is empty
 * from here on. One that does not fill its memory alone is left as it is.
 */
export function giveBack(chunk: Buffer): void {
  const { buffer } = chunk
  if (chunk.byteLength < LEAST_BYTES || chunk.byteLength !== buffer.byteLength) return
  nowhere.postMessage(null, [buffer as ArrayBuffer])
}

function portToNowhere() {
  const { port1, port2 } = new MessageChannel()
  port2.close()
  port1.unref()
  return port1
}
