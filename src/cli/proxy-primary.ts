import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { ProxyConfig } from '../config/proxy-config.ts'
import { Primary, type PrimaryOptions } from '../proxy/primary.ts'
import type { ProxyRunRequest } from './proxy-run.ts'

/** On a machine of so few cores PostgreSQL or the kernel's network needs the other one; one process is also the lightest. */
const FEW_CORES = 2
/** More gain little in front of one database, and each costs the memory of a process: who wants them says how many. */
const MAX_AUTO = 16

/** How many processes serve: `auto` is the cores that this process may use, up to 16, and one where they are two or fewer. */
export function workersOf({ workers }: Pick<ProxyConfig, 'workers'>, cores = availableParallelism()): number {
  if (workers !== 'auto') return workers
  return cores <= FEW_CORES ? 1 : Math.min(cores, MAX_AUTO)
}

/** Starts a proxy of several processes; they end with this one, however it ends. */
export async function startPrimary(
  options: Omit<PrimaryOptions, 'fork'>,
  { logLevel }: ProxyRunRequest,
): Promise<Primary> {
  const program = fileURLToPath(new URL('./proxy-worker-process.js', import.meta.url))
  const { file } = options.config
  const primary = await Primary.start({
    ...options,
    fork: (slot) =>
      fork(program, ['--config', file, '--worker', String(slot), '--log-level', logLevel], {
        serialization: 'advanced',
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
        env: options.env,
      }),
  })
  // A second signal ends this process at once, and nobody's last words are waited for.
  process.once('exit', () => primary.kill())
  return primary
}
