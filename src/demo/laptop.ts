import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
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

/** Runs `pgoauth …` in processes of their own, in the environment of a laptop whose home is the demonstration's. */
export class Laptop {
  readonly #keeper: Keeper
  readonly #env: NodeJS.ProcessEnv

  constructor(keeper: Keeper, files: DemoFiles, env: NodeJS.ProcessEnv) {
    this.#keeper = keeper
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
