import { openAuditLog } from '../audit/audit-file.ts'
import { silentAudit } from '../audit/audit-log.ts'
import { asPgoauthError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { type RunningProxy, startProxy } from '../proxy/proxy.ts'
import type { CliContext } from './context.ts'
import { openProcessLog } from './process-log.ts'
import { type ProxyFiles, readProxyFiles } from './proxy-files.ts'
import { watchFiles } from './proxy-watch.ts'
import { notifySystemd } from './systemd.ts'

export interface ProxyRunRequest {
  readonly file: string
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error'
}

/** `pgoauth proxy`: serves until a signal, then drains; logs go to stderr as JSON Lines. */
export async function runProxy(context: CliContext, { file, logLevel }: ProxyRunRequest): Promise<void> {
  let files = readProxyFiles(file)
  const log = openProcessLog({ level: logLevel, to: 2 })
  const { clock, env, interrupted } = context
  const { audit: auditConfig } = files.config
  const audit = auditConfig ? openAuditLog(auditConfig, clock, log) : silentAudit
  const proxy = await startProxy({ ...files, audit, clock, log, env })
  for (const address of proxy.addresses) log.info({ ...address }, 'listening')
  for (const name of ['probes', 'admin', 'logout'] as const) {
    const address = proxy.side?.[name]
    if (address) log.info({ ...address }, name)
  }

  const reload = () => {
    files = reloadFiles(proxy, files, log)
  }
  const stopWatching = watchFiles(() => files.watched, clock, reload)
  const stopHangup = context.onHangup(() => {
    audit.reopen()
    notifySystemd('RELOADING=1', env, log)
    reload()
    notifySystemd('READY=1', env, log)
  })
  // Keys are fetched and servers tried now rather than at the first login; who listens is served either way.
  void proxy.readiness.look()
  log.info({ databases: [...files.config.databases.keys()] }, 'ready')
  notifySystemd('READY=1', env, log)
  await new Promise<void>((resolve) => {
    if (interrupted.aborted) resolve()
    interrupted.addEventListener('abort', () => resolve(), { once: true })
  })
  log.info({ signal: String(interrupted.reason) }, 'stopping')
  notifySystemd('STOPPING=1', env, log)
  stopWatching()
  await proxy.drain()
  stopHangup()
  audit.close()
  log.info({}, 'stopped')
}

/** A file that is wrong changes nothing: the proxy goes on with what it has, and says what is wrong. */
function reloadFiles(proxy: RunningProxy, files: ProxyFiles, log: Log): ProxyFiles {
  try {
    const read = readProxyFiles(files.config.file)
    proxy.reload(read.config, read.policies)
    log.info({ databases: [...read.config.databases.keys()] }, 'configuration reloaded')
    return read
  } catch (thrown) {
    proxy.metrics.reloaded('refused')
    const error = asPgoauthError(thrown)
    log.error({ code: error.code, reason: error.message }, 'configuration refused; the one before stays')
    return files
  }
}
