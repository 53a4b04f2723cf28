import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import type { Clock } from '../base/clock.ts'
import { fail } from '../base/errors.ts'
import type { DemoFiles } from './demo-files.ts'
import type { Keeper, KeptProcess } from './keeper.ts'
import { browse } from './plain-browser.ts'

/** The real command, as installed. */
const PROGRAM = fileURLToPath(new URL('../../bin/pgoauth.js', import.meta.url))
const KEPT_LINES = 30

export interface RunningCommand extends KeptProcess {
  /** The last lines of its output, for when it ends unbidden. */
  readonly said: readonly string[]
}

/** A command that takes connections. */
export interface Listening {
  readonly command: RunningCommand
  readonly port: number
  /** Resolves with its last words, should it end. */
  readonly ended: Promise<string>
}

/** A part that is not up by then will not come up. */
const START_TIMEOUT_MS = 30_000

/** Runs `pgoauth …` in processes of their own, in the environment of a laptop whose home is the demonstration's. */
export class Laptop {
  readonly #keeper: Keeper
  readonly #env: NodeJS.ProcessEnv

  readonly #clock: Clock

  constructor(keeper: Keeper, files: DemoFiles, env: NodeJS.ProcessEnv, clock: Clock) {
    this.#keeper = keeper
    this.#clock = clock
    this.#env = {
      PATH: env.PATH,
      SystemRoot: env.SystemRoot,
      HOME: files.home,
      USERPROFILE: files.home,
      PGOAUTH_CONFIG: files.profileYaml,
      // Of the moment: the logins it protects go with the directory they are in.
      PGOAUTH_STORE_KEY: randomBytes(24).toString('base64url'),
      NO_COLOR: '1',
    }
  }

  start(args: readonly string[], onLine: (line: string) => void = () => {}): RunningCommand {
    const said: string[] = []
    const command = this.#keeper.run(
      { command: process.execPath, args: [PROGRAM, ...args], env: this.#env },
      (line) => {
        said.push(line)
        if (said.length > KEPT_LINES) said.shift()
        onLine(line)
      },
    )
    return Object.assign(command, { said })
  }

  /**
   * `pgoauth proxy`, once it listens. It is asked for the port it got: a port chosen for it beforehand may be somebody
   * else's by then.
   */
  proxy(config: string): Promise<Listening> {
    return this.#startListening(['proxy', '--config', config], ({ msg, port }) =>
      msg === 'listening' ? port : undefined,
    )
  }

  /** `pgoauth connect`, once it listens. */
  connect(profile: string): Promise<Listening> {
    return this.#startListening(['connect', profile, '--json'], (line) =>
      line.profile === profile ? line.port : undefined,
    )
  }

  async #startListening(args: string[], portIn: (line: Record<string, unknown>) => unknown): Promise<Listening> {
    const name = `pgoauth ${args[0]}`
    const patience = new AbortController()
    let tell = (_port: number) => {}
    const told = new Promise<number>((resolve) => {
      tell = resolve
    })
    const command = this.start(args, (line) => {
      const port = portIn(readJson(line))
      if (typeof port === 'number') tell(port)
    })
    const ended = lastWords(name, command)
    const late = this.#clock
      .sleep(START_TIMEOUT_MS, patience.signal)
      .then(() => `${name} was not ready after ${START_TIMEOUT_MS / 1000} s`)
    late.catch(() => {})
    const outcome = await Promise.race([told, ended, late])
    patience.abort()
    if (typeof outcome === 'string') fail('DEMO_FAILED', { detail: outcome })
    return { command, port: outcome, ended }
  }

  /** `pgoauth login` by the device flow. `approve` gets the page to open. Codes: DEMO_FAILED with what the command said. */
  async login(approve: (page: string) => Promise<unknown>): Promise<void> {
    let approval: Promise<unknown> | undefined
    const login = this.start(['login', 'demo', '--device', '--no-open'], (line) => {
      const [page] = /https?:\/\/\S+user_code=[\w-]+/.exec(line) ?? []
      if (page !== undefined && approval === undefined) {
        approval = approve(page)
        // Looked at below; until then it must not count as unhandled.
        approval.catch(() => {})
      }
    })
    const { code } = await login.ended
    await approval
    if (code !== 0) fail('DEMO_FAILED', { detail: `pgoauth login ended with ${code}:\n${login.said.join('\n')}` })
  }
}

/** Approves as one of the issuer's accounts, as that person would. */
export function approveAs(account: string): (page: string) => Promise<unknown> {
  return (page) => browse(page, { account })
}

async function lastWords(name: string, command: RunningCommand): Promise<string> {
  const { code, signal, error } = await command.ended
  return [`${name} ended with ${error ?? signal ?? code}:`, ...command.said].join('\n')
}

/** A line of JSON, or an empty object for a line for people. */
function readJson(line: string): Record<string, unknown> {
  if (!line.startsWith('{')) return {}
  try {
    return JSON.parse(line) as Record<string, unknown>
  } catch {
    return {}
  }
}
