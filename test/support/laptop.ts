import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CommandOptions, type CommandResult, type RunningCommand, runCommand, startCommand } from './command.ts'
import { browse, type TestIssuer } from './issuer.ts'
import { temporaryDirectory } from './temporary-directory.ts'

/** A person's machine: a home directory of its own with a config.yaml, and the file store's key in the environment. */
export interface Laptop {
  readonly home: string
  readonly configFile: string
  /** Add to or take from it as the test needs. */
  readonly env: Record<string, string | undefined>
  run(args: readonly string[], options?: CommandOptions): Promise<CommandResult>
  start(args: readonly string[], options?: CommandOptions): RunningCommand
  /** `pgoauth login NAME --device`, approved by that account in a browser of its own; how it ended. */
  login(issuer: TestIssuer, account?: string, ...args: string[]): Promise<{ code: number | null; said: string }>
}

export const STORE_KEY = 'kX9vQ2mL7tR4wZ8bN3cJ6hF1sD5gP0aYeU'

export function openLaptop(config: string, env: Record<string, string | undefined> = {}): Laptop {
  const home = temporaryDirectory()
  const configFile = join(home, '.config', 'pgoauth', 'config.yaml')
  mkdirSync(join(home, '.config', 'pgoauth'), { recursive: true })
  writeFileSync(configFile, config)
  const own = { HOME: home, PGOAUTH_STORE: 'file', PGOAUTH_STORE_KEY: STORE_KEY, ...env }
  const withOwn = (options: CommandOptions = {}) => ({ cwd: home, ...options, env: { ...own, ...options.env } })
  const laptop: Laptop = {
    home,
    configFile,
    env: own,
    run: (args, options) => runCommand(args, withOwn(options)),
    start: (args, options) => startCommand(args, withOwn(options)),
    async login(issuer, account = 'ada', ...args) {
      const command = laptop.start(['login', '--device', ...args])
      const [address] = await command.says(new RegExp(`${issuer.url}/device\\?user_code=\\S+`))
      await browse(address, { account })
      const { code } = await new Promise<{ code: number | null }>((resolve) =>
        command.process.once('close', (code) => resolve({ code })),
      )
      return { code, said: command.lines.join('\n') }
    },
  }
  return laptop
}

/** One profile, for the client that the test issuer knows. */
export function profileFor(issuer: { readonly url: string }, extra = ''): string {
  return `profiles:\n  prod:\n    host: pg.example.com\n    issuer: ${issuer.url}\n    client_id: pgoauth\n${extra.replace(/^(?=.)/gm, '    ')}`
}
