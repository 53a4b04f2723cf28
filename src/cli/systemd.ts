import { execFile } from 'node:child_process'
import type { Log } from '../base/log.ts'

/**
 * Tells systemd how it stands with us (`Type=notify`), where it asked: through its own `systemd-notify`, since Node has no
 * datagram sockets in the file system. The unit needs `NotifyAccess=all`.
 */
export function notifySystemd(state: 'READY=1' | 'RELOADING=1' | 'STOPPING=1', env: NodeJS.ProcessEnv, log: Log): void {
  if (!env.NOTIFY_SOCKET) return
  execFile('systemd-notify', [`--pid=${process.pid}`, state], { env, timeout: 5_000 }, (error) => {
    if (error) log.warn({ reason: error.message }, 'systemd could not be told')
  })
}
