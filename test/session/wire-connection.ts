import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { encodeStartupMessage } from '../../src/wire/startup.ts'

/** A connection to a server that trusts us, after the first ReadyForQuery: bytes in, bytes out. */
export async function openWire(port: number, user = 'postgres', database = 'postgres'): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.setNoDelay(true)
  const parameters: [string, string][] = [
    ['user', user],
    ['database', database],
    ['client_encoding', 'UTF8'],
  ]
  socket.write(encodeStartupMessage({ major: 3, minor: 0 }, parameters))
  let received = Buffer.alloc(0)
  while (!endsWithReady(received)) {
    const [chunk] = (await once(socket, 'data')) as [Buffer]
    received = Buffer.concat([received, chunk])
  }
  return socket
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
