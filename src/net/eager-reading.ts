import type { Socket } from 'node:net'

/**
 * Gives what a socket reads to `take` at once, past the queue and the `data` event of its stream, which cost more than
 * many a message that comes this way. Pausing, resuming and the end stay the stream's: while it is paused, or has something
 * in its queue, bytes go there as ever and come from there in order.
 *
 * The function given back ends it.
 */
export function readEagerly(socket: Socket, take: (chunk: Buffer) => void): () => void {
  const push = socket.push
  // What a socket reads, it pushes into its own stream; this stands before that.
  socket.push = (chunk: Buffer | null, encoding?: BufferEncoding) => {
    if (chunk === null || !socket.readableFlowing || socket.readableLength > 0)
      return push.call(socket, chunk, encoding)
    take(chunk)
    // Also where that has paused it: what is read next is queued, and the queue's bound stops the reading.
    return true
  }
  socket.on('data', take)
  return () => {
    socket.push = push
    socket.off('data', take)
  }
}
