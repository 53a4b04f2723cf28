import { connect, type Socket } from 'node:net'
import type { ListenAddress } from '../net/listener.ts'

/** A tunnel of ours, as it names itself to whoever asks its port over HTTP. */
export interface TunnelIdentity {
  readonly pid: number
  readonly profile: string
}

const QUESTION = Buffer.from('GET /pgoauth HTTP/1.0\r\n\r\n')
const TIMEOUT_MS = 1000
const MAX_ANSWER_BYTES = 4096

/**
 * Which tunnel of ours listens there; undefined where nobody does, or somebody else. It asks over the wire, so that
 * no file has to be kept, and none can be stale.
 */
export function portOwner(address: ListenAddress): Promise<TunnelIdentity | undefined> {
  return new Promise((resolve) => {
    const socket: Socket =
      address.kind === 'tcp' ? connect(address.port, reachable(address.address)) : connect(address.path)
    let answer = ''
    const finish = () => {
      socket.destroy()
      resolve(readIdentity(answer))
    }
    socket.setTimeout(TIMEOUT_MS, finish)
    socket.on('error', finish)
    socket.on('end', finish)
    socket.on('connect', () => socket.write(QUESTION))
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1')
      if (answer.length > MAX_ANSWER_BYTES) finish()
    })
  })
}

/** Whether these are the first bytes of somebody who looks whose port it is. */
export function asksWhosePort(received: Buffer): boolean {
  return received.equals(QUESTION)
}

function readIdentity(answer: string): TunnelIdentity | undefined {
  if (!/^Server: pgoauth\r$/m.test(answer)) return undefined
  const pid = /^Pgoauth-Pid: (\d{1,10})\r$/m.exec(answer)?.[1]
  const profile = /^Pgoauth-Profile: ([^\r]*)\r$/m.exec(answer)?.[1]
  if (pid === undefined || profile === undefined) return undefined
  try {
    return { pid: Number(pid), profile: decodeURIComponent(profile) }
  } catch {
    return undefined
  }
}

/** An unspecified address is one to listen on, not one to connect to. */
function reachable(address: string): string {
  if (address === '0.0.0.0') return '127.0.0.1'
  return address === '::' ? '::1' : address
}
