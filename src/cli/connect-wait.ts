import { fail } from '../base/errors.ts'
import { parseDurationMs } from '../base/units.ts'
import { unixSocketPath } from '../config/listen-address.ts'
import type { Profile } from '../config/profiles.ts'
import type { ListenAddress } from '../net/listener.ts'
import { portOwner } from '../tunnel/port-owner.ts'
import { stablePorts, thisUser } from '../tunnel/stable-port.ts'
import type { ConnectRequest } from './connect.ts'
import type { CliContext } from './context.ts'
import { profileFlagsOf } from './profile-options.ts'
import { writeLine } from './terminal.ts'
import { profileOf } from './token-deps.ts'

const DEFAULT_WAIT_MS = 30_000
const PAUSE_MS = 100

/**
 * Returns once a tunnel of each profile is ready in some other process.
 *
 * @throws PROXY_UNREACHABLE when one is not within the time.
 */
export async function waitForTunnels(context: CliContext, { profiles, flags }: ConnectRequest): Promise<void> {
  const waitMs = typeof flags.wait === 'string' ? (parseDurationMs(flags.wait) ?? DEFAULT_WAIT_MS) : DEFAULT_WAIT_MS
  const untilMs = context.clock.nowMs() + waitMs
  for (const name of profiles.length > 0 ? profiles : [undefined]) {
    const profile = await profileOf(context, name, profileFlagsOf(flags))
    let found = await findTunnel(profile)
    while (!found && context.clock.nowMs() < untilMs && !context.interrupted.aborted) {
      await context.clock.sleep(PAUSE_MS)
      found = await findTunnel(profile)
    }
    if (!found) {
      fail('PROXY_UNREACHABLE', {
        detail: `no tunnel of profile ${profile.name} is ready after ${waitMs / 1000} s`,
        fix: `pgoauth connect ${profile.name}`,
      })
    }
    if (flags.json) writeLine(context.stdout, JSON.stringify({ profile: profile.name, ...found }))
  }
}

async function findTunnel(profile: Profile): Promise<{ pid: number; host: string; port: number } | undefined> {
  for (const { address, host, port } of whereToLook(profile)) {
    const owner = await portOwner(address)
    if (owner?.profile === profile.name) return { pid: owner.pid, host, port }
  }
  return undefined
}

function whereToLook({ name, listen }: Profile): { address: ListenAddress; host: string; port: number }[] {
  if (listen?.kind === 'unix') {
    return [{ address: { kind: 'unix', path: unixSocketPath(listen) }, host: listen.directory, port: listen.port }]
  }
  const host = listen?.address ?? '127.0.0.1'
  const ports = listen ? [listen.port] : stablePorts(name, thisUser())
  return ports.map((port) => ({ address: { kind: 'tcp', address: host, port }, host, port }))
}
