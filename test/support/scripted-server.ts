import { createServer, type Socket } from 'node:net'
import { after } from 'node:test'
import { encodeAuthenticationOk } from '../../src/wire/authentication.ts'
import { MessageWriter } from '../../src/wire/message-writer.ts'
import { encodeBackendKeyData, encodeParameterStatus, encodeReadyForQuery } from '../../src/wire/server-messages.ts'

/** Something on a loopback port that answers each chunk of a connection with the next of `answers`. */
export async function scriptedServer(
  answers: readonly (Buffer | 'close' | 'silence')[],
): Promise<{ port: number; received: Buffer[]; connections: () => number }> {
  const received: Buffer[] = []
  let connections = 0
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    connections++
    sockets.add(socket)
    socket.on('error', () => {})
    const left = [...answers]
    socket.on('data', (chunk) => {
      received.push(chunk)
      const answer = left.shift()
      if (answer === 'close' || answer === undefined) socket.destroy()
      else if (answer !== 'silence') socket.write(answer)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  after(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  const bound = server.address()
  return { port: typeof bound === 'object' && bound ? bound.port : 0, received, connections: () => connections }
}

/** AuthenticationOk and all that follows, of a server that reports these parameters. */
export function greeting(parameters: Record<string, string> = {}): Buffer {
  const all = {
    server_version: '18.1',
    server_encoding: 'UTF8',
    client_encoding: 'UTF8',
    standard_conforming_strings: 'on',
    in_hot_standby: 'off',
    default_transaction_read_only: 'off',
    ...parameters,
  }
  return Buffer.concat([
    encodeAuthenticationOk(),
    ...Object.entries(all).map(([name, value]) => encodeParameterStatus(name, value)),
    encodeBackendKeyData({ processId: 1, secretKey: Buffer.alloc(4) }),
    encodeReadyForQuery('I'),
  ])
}

/** An authentication request with this code and data. */
export function authenticationRequest(code: number, data = Buffer.alloc(0)): Buffer {
  return new MessageWriter().begin('R').int32(code).bytes(data).end().finish()
}
