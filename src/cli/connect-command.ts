import { userInfo } from 'node:os'
import { environmentForChild } from '../tokens/child-environment.ts'
import { commandEnvironment } from '../tunnel/command-environment.ts'
import { cameFromTerminal } from '../tunnel/terminal-signal.ts'
import { runWrapped } from '../tunnel/wrapped-command.ts'
import type { ConnectFlags } from './connect.ts'
import { logInFirst } from './connect-login.ts'
import { announce } from './connect-readiness.ts'
import type { OpenTunnel } from './connect-run.ts'
import type { CliContext } from './context.ts'
import { paintFor, writeLine } from './terminal.ts'

/** Runs the command with the tunnel around it. The terminal is the command's: nothing is printed while it runs. */
export async function runCommand(
  context: CliContext,
  open: OpenTunnel,
  words: readonly string[],
  flags: ConnectFlags,
): Promise<void> {
  await logInFirst(context, open, { quietly: true })
  const ready = await announce(context, [open.facts], { ...flags, json: false })
  const [command = '', ...args] = words
  const ours = { password: open.password, login: loginName(context.env) }
  const env = commandEnvironment(environmentForChild(context.env, open.profile), open.facts, ours)
  // Taken before the command starts: one that comes while it starts must reach it too.
  const early: NodeJS.Signals[] = []
  let pass = (signal: NodeJS.Signals): void => {
    early.push(signal)
  }
  const giveSignalsBack = context.takeSignals((signal) => {
    if (!cameFromTerminal(signal, context.isTty)) pass(signal)
  })
  try {
    const wrapped = runWrapped(command, args, env)
    pass = wrapped.signal
    for (const signal of early) pass(signal)
    const { exitCode, error } = await wrapped.ended
    context.setExitCode(exitCode)
    if (!error) return
    const paint = paintFor(context.env, context.isTty)
    writeLine(context.stderr, `${paint.red('error:')} ${error.message}`)
    if (error.fix) writeLine(context.stderr, `${paint.cyan('  try:')} ${error.fix}`)
  } finally {
    giveSignalsBack()
    await ready.end()
  }
}

/** Whom libpq would name; in a container a user id may have no name. */
function loginName(env: NodeJS.ProcessEnv): string {
  try {
    return userInfo().username
  } catch {
    return env.USER || 'pgoauth'
  }
}
