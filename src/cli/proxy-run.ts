import { openAuditLog } from '../audit/audit-file.ts'
import { silentAudit } from '../audit/audit-log.ts'
import { startProxy } from '../proxy/proxy.ts'
import type { CliContext } from './context.ts'
import { openProcessLog } from './process-log.ts'
import { readProxyFiles } from './proxy-files.ts'

export interface ProxyRunRequest {
  readonly file: string
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error'
}

/** `pgoauth proxy`: serves until a signal, then drains; logs go to stderr as JSON Lines. */
export async function runProxy(context: CliContext, { file, logLevel }: ProxyRunRequest): Promise<void> {
  const { config, policies } = readProxyFiles(file)
  const log = openProcessLog({ level: logLevel, to: 2 })
  const { clock, env, interrupted } = context
  const audit = config.audit ? openAuditLog(config.audit, clock, log) : silentAudit
  const proxy = await startProxy({ config, policies, audit, clock, log, env })
  for (const address of proxy.addresses) log.info({ ...address }, 'listening')
  log.info({ databases: [...config.databases.keys()] }, 'ready')
  await new Promise<void>((resolve) => {
    if (interrupted.aborted) resolve()
    interrupted.addEventListener('abort', () => resolve(), { once: true })
  })
  log.info({ signal: String(interrupted.reason) }, 'stopping')
  await proxy.drain()
  audit.close()
  log.info({}, 'stopped')
}
