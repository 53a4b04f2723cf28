import { asPgoauthError } from '../base/errors.ts'
import type { Flow } from '../config/profiles.ts'
import { isInForeground } from '../tunnel/terminal-signal.ts'
import type { OpenTunnel } from './connect-run.ts'
import type { CliContext } from './context.ts'
import { onEnter } from './enter-key.ts'
import { errorText } from './error-text.ts'
import { paintFor, writeLine } from './terminal.ts'
import { canAsk, loginDepsOf } from './token-deps.ts'

/** Where nobody logs in. */
const MACHINE_FLOWS: readonly Flow[] = ['client_credentials', 'token_file', 'exec']

/**
 * Before anybody connects: logs in where that is needed and somebody is there, or where no other process could
 * (store: memory). Otherwise says what the first connection would; the tunnel stays either way.
 *
 * @throws what a login throws.
 */
export async function logInFirst(
  context: CliContext,
  { profile, tokens }: OpenTunnel,
  { quietly }: { quietly: boolean },
): Promise<void> {
  try {
    await tokens.fresh()
  } catch (thrown) {
    const error = asPgoauthError(thrown)
    if (error.code === 'LOGIN_NEEDED' && (canAsk(context) || profile.store === 'memory')) {
      const { logIn } = await import('../login/login.ts')
      await logIn(profile, await loginDepsOf(context))
      return
    }
    // A wrapped command is told by the tunnel, as a Postgres error, if it connects at all.
    if (!quietly) writeLine(context.stderr, errorText(error, paintFor(context.env, context.isTty), false))
  }
}

/**
 * At a terminal: when a connection finds the login gone or refused, Enter logs in again right here. From the background
 * nothing is offered: the refusal itself names the command. Call the result to stop.
 */
export function offerLogin(context: CliContext, open: readonly OpenTunnel[]): () => void {
  if (!canAsk(context)) return () => {}
  const paint = paintFor(context.env, context.isTty)
  let isBusy = false
  let stopWaiting = () => {}
  const offer = (one: OpenTunnel) => {
    if (isBusy || !isInForeground()) return
    isBusy = true
    const invite = () => writeLine(context.stderr, paint.bold(`Press Enter to log in to ${one.profile.name} again.`))
    stopWaiting = onEnter(context, invite, () => {
      logInAgain(context, one).finally(() => {
        isBusy = false
      })
    })
  }
  const byPeople = open.filter(({ profile }) => !MACHINE_FLOWS.includes(profile.flow))
  const stops = byPeople.map((one) => one.tunnel.onLoginNeeded(() => offer(one)))
  return () => {
    for (const stop of stops) stop()
    stopWaiting()
  }
}

async function logInAgain(context: CliContext, { profile }: OpenTunnel): Promise<void> {
  const paint = paintFor(context.env, context.isTty)
  try {
    const { logIn } = await import('../login/login.ts')
    await logIn(profile, await loginDepsOf(context))
    writeLine(context.stderr, `${paint.green('✓')} logged in to ${profile.name} again: connect again`)
  } catch (error) {
    writeLine(context.stderr, errorText(error, paint, false))
  }
}
