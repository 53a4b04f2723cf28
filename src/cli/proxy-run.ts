import { openAuditLog } from '../audit/audit-file.ts'
import { silentAudit } from '../audit/audit-log.ts'
import { asPgoauthError, type PgoauthError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { type RunningProxy, startProxy } from '../proxy/proxy.ts'
import type { CliContext } from './context.ts'
import { openProcessLog } from './process-log.ts'
import { type ProxyFiles, readProxyFiles } from './proxy-files.ts'
import { startPrimary, workersOf } from './proxy-primary.ts'
import { watchFiles } from './proxy-watch.ts'
import { notifySystemd } from './systemd.ts'

export interface ProxyRunRequest {
  readonly file: string
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error'
}

/** A proxy as its command sees it: one process, or a primary with its workers. */
interface ServingProxy extends Pick<RunningProxy, 'addresses' | 'side' | 'metrics'> {
  readonly readiness: { look(): Promise<unknown> }
  /** @throws CONFIG_INVALID; then the configuration of before stays. */
  reload(files: ProxyFiles): void | Promise<void>
  reopenAudit(): void
  drain(): Promise<void>
  /** Resolves where it cannot go on. */
  readonly loop?: Promise<PgoauthError>
}

/**
 * `pgoauth proxy`: serves until a signal, then drains; logs go to stderr as JSON Lines.
 *
 * @throws WORKERS_DIE where worker processes cannot be kept alive, once the others have drained.
 */
export async function runProxy(context: CliContext, request: ProxyRunRequest): Promise<void> {
  let files = readProxyFiles(request.file)
  const log = openProcessLog({ level: request.logLevel, to: 2, isGathered: true })
  const { clock, env, interrupted } = context
  const proxy = await startServing(files, request, context, log)
  for (const address of proxy.addresses) log.info({ ...address }, 'listening')
  for (const name of ['probes', 'admin', 'logout'] as const) {
    const address = proxy.side?.[name]
    if (address) log.info({ ...address }, name)
  }

  const reload = async () => {
    files = await reloadFiles(proxy, files, log)
  }
  const stopWatching = watchFiles(
    () => files.watched,
    clock,
    () => void reload(),
  )
  const stopHangup = context.onHangup(async () => {
    proxy.reopenAudit()
    notifySystemd('RELOADING=1', env, log)
    await reload()
    notifySystemd('READY=1', env, log)
  })
  // Keys are fetched and servers tried now rather than at the first login; who listens is served either way.
  void proxy.readiness.look()
  log.info({ databases: [...files.config.databases.keys()] }, 'ready')
  notifySystemd('READY=1', env, log)
  const loop = await Promise.race([untilAborted(interrupted), proxy.loop ?? untilAborted(interrupted)])
  if (loop) log.error({ reason: loop.message }, 'the workers do not stay alive: the proxy ends')
  log.info({ signal: loop ? undefined : String(interrupted.reason) }, 'stopping')
  notifySystemd('STOPPING=1', env, log)
  stopWatching()
  await proxy.drain()
  stopHangup()
  log.info({}, 'stopped')
  if (loop) throw loop
}

async function startServing(
  files: ProxyFiles,
  request: ProxyRunRequest,
  { clock, env }: CliContext,
  log: Log,
): Promise<ServingProxy> {
  const workers = workersOf(files.config)
  if (workers > 1) return startPrimary({ ...files, workers, clock, log, env }, request)
  const { audit: auditConfig } = files.config
  const audit = auditConfig ? openAuditLog(auditConfig, clock, log) : silentAudit
  const proxy = await startProxy({ ...files, audit, clock, log, env })
  return {
    addresses: proxy.addresses,
    side: proxy.side,
    readiness: proxy.readiness,
    metrics: proxy.metrics,
    reload: ({ config, policies }) => proxy.reload(config, policies),
    reopenAudit: () => audit.reopen(),
    drain: async () => {
      await proxy.drain()
      audit.close()
    },
  }
}

/** A file that is wrong changes nothing: the proxy goes on with what it has, and says what is wrong. */
async function reloadFiles(proxy: ServingProxy, files: ProxyFiles, log: Log): Promise<ProxyFiles> {
  try {
    const read = readProxyFiles(files.config.file)
    await proxy.reload(read)
    log.info({ databases: [...read.config.databases.keys()] }, 'configuration reloaded')
    return read
  } catch (thrown) {
    proxy.metrics.reloaded('refused')
    const error = asPgoauthError(thrown)
    log.error({ code: error.code, reason: error.message }, 'configuration refused; the one before stays')
    return files
  }
}

async function untilAborted(signal: AbortSignal): Promise<undefined> {
  if (signal.aborted) return
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
