import type { ConnectFlags } from './connect.ts'
import { logInFirst, offerLogin } from './connect-login.ts'
import { announce } from './connect-readiness.ts'
import type { OpenTunnel } from './connect-run.ts'
import type { CliContext } from './context.ts'
import { paintFor, writeLine } from './terminal.ts'

/** Tells how to connect, and stays until interrupted. */
export async function stay(context: CliContext, open: readonly OpenTunnel[], flags: ConnectFlags): Promise<void> {
  const { interrupted } = context
  const health = flags.health === undefined ? undefined : await openHealthOf(flags.health, open, flags)
  for (const one of open) await logInFirst(context, one, { quietly: false })
  for (const one of open) tell(context, one)
  if (health) writeLine(context.stderr, `health: http://${health.address}/healthz`)
  const ready = await announce(
    context,
    open.map(({ facts }) => facts),
    flags,
  )
  const stopOffering = offerLogin(context, open)
  try {
    if (interrupted.aborted) return
    await new Promise<void>((resolve) => interrupted.addEventListener('abort', () => resolve(), { once: true }))
    // Behind the ^C that the terminal has shown.
    if (context.isTty && interrupted.reason === 'SIGINT') writeLine(context.stderr, '')
  } finally {
    stopOffering()
    await ready.end()
    await health?.close()
  }
}

async function openHealthOf(address: string, open: readonly OpenTunnel[], flags: ConnectFlags) {
  const { openHealth } = await import('../tunnel/health.ts')
  const tunnels = open.map(({ profile, tunnel }) => ({ profile: profile.name, tunnel }))
  return openHealth(address, tunnels, { allowRemote: flags.allowRemote === true })
}

function tell(context: CliContext, { profile, facts, password }: OpenTunnel): void {
  const paint = paintFor(context.env, context.isTty)
  const lines = [
    `${paint.green('ready:')} ${paint.bold(profile.name)} → ${profile.host ?? ''}:${profile.port}`,
    `  ${facts.url}`,
    `  ${facts.psql}`,
    ...(facts.jdbc ? [`  ${facts.jdbc}`] : []),
    `  ${guard(facts.localAuth, profile.name, facts.host)}`,
  ]
  for (const line of lines) writeLine(context.stderr, line)
  if (profile.tls.mode === 'require') {
    writeLine(context.stderr, `${paint.yellow('warning:')} tls.mode require does not check who the other side is`)
  }
  // Nobody else can show it: this process alone knows it.
  if (password && profile.store === 'memory') writeLine(context.stderr, `  password: ${password.reveal()}`)
}

function guard(localAuth: OpenTunnel['facts']['localAuth'], profile: string, host: string): string {
  if (localAuth === 'same-user') return 'for processes of this user only'
  if (localAuth === 'password') return `password: pgoauth profile password ${profile}`
  return host.startsWith('/') ? 'for this user only, by the directory' : 'for everybody on this machine'
}
