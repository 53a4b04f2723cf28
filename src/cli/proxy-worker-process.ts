import { parseArgs } from 'node:util'
import { systemClock } from '../base/clock.ts'
import { ProxyWorker } from '../proxy/worker.ts'
import { openProcessLog } from './process-log.ts'

/**
 * The program of one worker of `pgoauth proxy`: see proxy-primary.ts. It reads no configuration by itself (`--config`
 * says in lists of processes whose it is) and follows its primary alone: signals are for that one.
 */
const { values } = parseArgs({
  options: { config: { type: 'string' }, worker: { type: 'string' }, 'log-level': { type: 'string' } },
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
// A primary that died while this program was being read is not announced again.
if (!process.connected) process.exit(1)

const level = values['log-level'] as 'debug' | 'info' | 'warn' | 'error'
const log = openProcessLog({ level, to: 2, isGathered: true }).child({ worker: Number(values.worker) })
const worker = new ProxyWorker({
  primary: process,
  clock: systemClock,
  env: process.env,
  log,
  onEnd: (code) => process.exit(code),
})
process.on('disconnect', () => void worker.orphaned())
process.on('uncaughtException', (error) => void worker.failed(error))
