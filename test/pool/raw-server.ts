import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Exchange, type ExchangeReply } from '../../src/pool/exchange.ts'
import { Framer } from '../../src/wire/framer.ts'
import { parseBackendKeyData, parseParameterStatus, SERVER } from '../../src/wire/server-messages.ts'
import { encodeCancelRequest, encodeStartupMessage } from '../../src/wire/startup.ts'

/** A logged-in connection to a PostgreSQL that trusts us, byte by byte: what the pool is given, without the door. */
export interface RawServer {
  readonly socket: Socket
  readonly parameters: Map<string, string>
  /** Runs statements as an Exchange of the pool's own. */
  exchange(...statements: string[]): Promise<readonly ExchangeReply[]>
  readonly key: { readonly processId: number; readonly secretKey: Buffer }
  cancel(): Promise<void>
}

export async function rawServer(
  address: { host: string; port: number },
  startup: Readonly<Record<string, string>>,
): Promise<RawServer> {
  const socket = connect(address)
  await once(socket, 'connect')
  socket.setNoDelay(true)
  socket.write(encodeStartupMessage({ major: 3, minor: 0 }, Object.entries(startup)))
  const parameters = new Map<string, string>()
  let key = { processId: 0, secretKey: Buffer.alloc(4) as Buffer }
  let ready = false
  const framer = new Framer({ maxHeldBytes: 1 << 20 })
  while (!ready) {
    const chunk = await nextChunk(socket)
    framer.push(chunk, {
      holds: () => true,
      onBytes: () => {},
      onMessage(tag, message) {
        const body = message.subarray(5)
        if (tag === SERVER.ErrorResponse) throw new Error(body.toString())
        if (tag === SERVER.ParameterStatus) {
          const { name, value } = parseParameterStatus(body)
          parameters.set(name, value)
        }
        if (tag === SERVER.BackendKeyData) key = { ...key, ...parseBackendKeyData(body) }
        if (tag === SERVER.ReadyForQuery) ready = true
      },
    })
  }
  socket.resume()
  return {
    socket,
    parameters,
    key,
    async exchange(...statements) {
      const exchange = new Exchange(statements, (name, value) => parameters.set(name, value))
      socket.write(exchange.request)
      for (;;) {
        const chunk = await nextChunk(socket)
        const replies = exchange.push(chunk)
        if (replies === undefined) continue
        socket.resume()
        return replies
      }
    },
    async cancel() {
      const other = connect(address)
      await once(other, 'connect')
      other.write(encodeCancelRequest(key.processId, key.secretKey))
      other.resume()
      await once(other, 'close')
    },
  }
}

/** Stops the socket at each chunk: one that came between two listeners would be lost. */
function nextChunk(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const onData = (chunk: Buffer) => {
      socket.pause()
      socket.off('close', onClose)
      resolve(chunk)
    }
    const onClose = () => reject(new Error('the server hung up'))
    socket.once('data', onData).once('close', onClose)
    socket.resume()
  })
}
