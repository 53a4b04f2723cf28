import { createServer } from 'node:http'
import { fail } from '../base/errors.ts'
import { isLoopbackHost } from '../base/loopback.ts'
import { parseListen } from '../config/listen-address.ts'
import { hostPort, reasonOf } from '../net/dial.ts'
import type { Tunnel } from './tunnel.ts'

export interface HealthListener {
  /** `address:port`, with the port it was given. */
  readonly address: string
  close(): Promise<void>
}

/**
 * Answers GET /healthz with 200 while the tunnels listen, and nothing else: how many connections each has, and what
 * its last attempt came to.
 *
 * @throws USAGE for an address that is none, or that others can reach without `allowRemote`; LISTEN_FAILED.
 */
export async function openHealth(
  text: string,
  tunnels: readonly { readonly profile: string; readonly tunnel: Tunnel }[],
  { allowRemote }: { readonly allowRemote: boolean },
): Promise<HealthListener> {
  const where = parseListen(text)
  if (where?.kind !== 'tcp') fail('USAGE', { detail: `--health ${text}: expected ADDRESS:PORT` })
  if (!isLoopbackHost(where.address) && !allowRemote) {
    fail('USAGE', { detail: `--health ${text} can be reached from other machines`, fix: 'add --allow-remote' })
  }
  const server = createServer((request, response) => {
    const found = request.method === 'GET' && request.url === '/healthz'
    const profiles = tunnels.map(({ profile, tunnel }) => ({
      profile,
      connections: tunnel.connections,
      lastAttempt: tunnel.lastAttempt,
    }))
    response.writeHead(found ? 200 : 404, { 'content-type': 'application/json', connection: 'close' })
    response.end(JSON.stringify(found ? { status: 'ok', profiles } : { error: 'only GET /healthz' }))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(where.port, where.address, resolve)
  }).catch((cause: unknown) => fail('LISTEN_FAILED', { detail: `--health ${text}: ${reasonOf(cause)}`, cause }))
  const port = (server.address() as { port: number }).port
  return {
    address: hostPort(where.address, port),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
