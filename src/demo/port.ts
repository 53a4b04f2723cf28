import { createServer } from 'node:net'
import { fail } from '../base/errors.ts'

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
