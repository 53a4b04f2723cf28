import { constants } from 'node:os'
import { Command, InvalidArgumentError } from 'commander'
import { fail } from '../base/errors.ts'
import type { CliContext } from './context.ts'
import { paintFor, writeLine } from './terminal.ts'

interface DemoFlags {
  readonly once?: boolean
  readonly port?: number
  readonly login?: boolean
}

/** `pgoauth demo`: both halves, an issuer and a PostgreSQL on this machine, with sample data; gone at its end. */
export function demoCommand(context: CliContext): Command {
  return new Command('demo')
    .description('Try everything on this machine: issuer, Postgres, proxy, tunnel and sample data, gone at the end.')
    .option('--once', 'run allowed and denied statements, say what became of each, and end')
    .option('--login', 'log in yourself, in a browser, instead of letting the demonstration do it')
    .option('--port <number>', 'the port on 127.0.0.1 to connect to (default: a free one)', readPort)
    .addHelpText('after', EXAMPLES)
    .action((flags: DemoFlags) => runDemo(context, flags))
}

async function runDemo(context: CliContext, flags: DemoFlags): Promise<void> {
  const [{ withDemo }, { performForPeople, performOnce }, { whenNpmIsGone }] = await Promise.all([
    import('../demo/demo.ts'),
    import('../demo/performance.ts'),
    import('../demo/orphan.ts'),
  ])
  const { env, clock } = context
  // PGSSLMODE, PGOPTIONS and their kin are meant for the person's own databases, not for driver and psql here.
  for (const name of Object.keys(env)) if (/^PG(?!OAUTH_)/.test(name)) delete env[name]
  const say = (line: string) => writeLine(context.stdout, line)
  const tell = (line: string) => writeLine(context.stderr, line)
  const stdoutIsTty = 'isTTY' in context.stdout && context.stdout.isTTY === true
  const orphaned = new AbortController()
  const stopWatching = whenNpmIsGone(env, clock, () => orphaned.abort('SIGHUP'))
  const interrupted = AbortSignal.any([context.interrupted, orphaned.signal])
  let isUp = false
  try {
    const options = {
      port: flags.port,
      personLogsIn: flags.login === true,
      env,
      clock,
      dress: paintFor(env, context.isTty),
      tell,
    }
    await withDemo(options, interrupted, async (demo) => {
      isUp = true
      const stage = { env, clock, dress: paintFor(env, stdoutIsTty), say, interrupted }
      if (flags.once) {
        if (!(await performOnce(demo, stage))) context.setExitCode(1)
      } else {
        const mishap = demo.mishap.then((what) => fail('DEMO_FAILED', { detail: what }))
        await Promise.race([performForPeople(demo, stage), mishap])
      }
    })
  } catch (error) {
    if (!interrupted.aborted) throw error
    tell('\nEnded; nothing is left.')
    // To end it is how it ends, once it is up and waits for nothing else.
    if (!isUp || flags.once) context.setExitCode(128 + signalNumber(interrupted.reason))
  } finally {
    stopWatching()
  }
}

function signalNumber(reason: unknown): number {
  return constants.signals[reason as NodeJS.Signals] ?? 0
}

function readPort(text: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new InvalidArgumentError('a port is 1 to 65535')
  return port
}

const EXAMPLES = `
Examples:
  pgoauth demo         bring everything up, say how to connect, and stay
  pgoauth demo --once  run allowed and denied statements, and end`
