import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { encodeStartupMessage } from '../../src/wire/startup.ts'

/** A connection to a server that trusts us, after the first ReadyForQuery: bytes in, bytes out. */
export async function openWire(port: number, user = 'postgres', database = 'postgres'): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  // A server that ends a session with input unread resets the connection: what it said has come by then, and 'close' follows.
  socket.on('error', () => {})
  socket.setNoDelay(true)
  const parameters: [string, string][] = [
    ['user', user],
    ['database', database],
    ['client_encoding', 'UTF8'],
  ]
  socket.write(encodeStartupMessage({ major: 3, minor: 0 }, parameters))
  await ready(socket)
  return socket
}

/** One listener from the first chunk to the last: chunks that come between two listeners would be lost. */
function ready(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0)
    const onData = (chunk: Buffer) => {
      received = Buffer.concat([received, chunk])
      if (!endsWithReady(received)) return
      socket.off('data', onData).off('close', onClose)
      resolve()
    }
    const onClose = () => reject(new Error(`the server hung up: ${received.toString('latin1')}`))
    socket.on('data', onData).on('close', onClose)
  })
}

function endsWithReady(stream: Buffer): boolean {
  return stream.length >= 6 && stream.subarray(-6, -1).toString('latin1') === 'Z\0\0\0\x05'
}

/** Messages of a server's stream, whole ones only: tag and body. */
export function messagesOf(stream: Buffer): { tag: string; body: Buffer }[] {
  const found: { tag: string; body: Buffer }[] = []
  for (let at = 0; at + 5 <= stream.length; ) {
    const end = at + 1 + stream.readInt32BE(at + 1)
    if (end > stream.length) break
    found.push({ tag: String.fromCharCode(stream[at] as number), body: stream.subarray(at + 5, end) })
    at = end
  }
  return found
}
