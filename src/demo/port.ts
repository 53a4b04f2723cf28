import { connect, createServer } from 'node:net'
import { type Clock, systemClock } from '../base/clock.ts'
import { fail } from '../base/errors.ts'

const POLL_MS = 50

/** A loopback port that nobody listens on now: the given one, or any. Codes: DEMO_FAILED when it is taken. */
export async function freePort(wanted = 0): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(wanted, '127.0.0.1', resolve)
  }).catch((cause: NodeJS.ErrnoException) =>
    fail('DEMO_FAILED', {
      detail: cause.code === 'EADDRINUSE' ? `port ${wanted} on 127.0.0.1 is in use` : cause.message,
      fix: 'choose another with --port, or leave it out',
      cause,
    }),
  )
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : fail('INTERNAL')
}

/** Resolves once somebody takes connections on the loopback port; gives up when the signal is aborted. */
export async function portIsOpen(port: number, giveUp: AbortSignal, clock: Clock = systemClock): Promise<void> {
  while (!(await answers(port))) await clock.sleep(POLL_MS, giveUp)
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
