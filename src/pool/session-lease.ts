import type { DatabasePool } from './database-pool.ts'
import type { PooledServer } from './pooled-server.ts'
import type { ServerLease } from './server-lease.ts'
import { type Settings, settingsRestoreSql } from './settings.ts'

/**
 * Session pooling: a server connection from login to end. The session has the bare socket meanwhile; when it gives it
 * back, the connection is cleaned and checked, or closed where something was still open on it.
 */
export function sessionLease(pool: DatabasePool, server: PooledServer, settings: Settings): ServerLease {
  server.handOver()
  const cancels = new Set<Promise<void>>()
  let isReleased = false
  return {
    stream: server.connection.socket,
    parameters: server.parameters,
    restoreSql: (isLost) => settingsRestoreSql(settings, isLost),
    async cancel() {
      if (isReleased) return
      const cancel = pool.cancel(server)
      cancels.add(cancel)
      await cancel
      cancels.delete(cancel)
    },
    release(isClean) {
      if (isReleased) return
      isReleased = true
      server.takeBack()
      // A cancel still under way must not find the next client's statement.
      void Promise.all(cancels).then(() => pool.giveBack(server, isClean ? 'I' : 'busy'))
    },
  }
}
