import { execFile } from 'node:child_process'
import type { Clock } from '../base/clock.ts'
import { fail } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import type { LoginConfig } from '../config/proxy-config.ts'
import { readSecret } from '../config/secret-source.ts'

/** A command that says nothing of expiry is asked again after this. */
const UNDATED_MS = 60_000
/** A password is not used in its last moments: the login has to arrive while it holds. */
const MARGIN_MS = 30_000
const EXEC_TIMEOUT_MS = 10_000
const MAX_OUTPUT_BYTES = 64 * 1024

export interface CredentialOptions {
  readonly login: LoginConfig
  readonly clock: Clock
  readonly env: NodeJS.ProcessEnv
}

/** The password of a server login, from a file, a variable, or a command whose answer is kept until it expires. */
export class ServerCredentials {
  readonly #options: CredentialOptions
  readonly #printed = new Map<string, { password: Promise<Secret>; untilMs: number }>()

  constructor(options: CredentialOptions) {
    this.#options = options
  }

  /**
   * Undefined where the login has none: a certificate, or trust. `context` is the command's environment: PGUSER,
   * PGHOST, PGPORT, PGDATABASE.
   *
   * @throws CONFIG_INVALID, SERVER_REFUSED where the command fails.
   */
  async password(context: Readonly<Record<string, string>>): Promise<Secret | undefined> {
    const { login, env, clock } = this.#options
    if (login.password !== undefined) return readSecret(login.password, env)
    if (login.exec === undefined) return undefined
    const key = JSON.stringify(context)
    const kept = this.#printed.get(key)
    if (kept && clock.nowMs() < kept.untilMs) return kept.password
    const entry = { password: Promise.resolve(new Secret('')), untilMs: Number.POSITIVE_INFINITY }
    entry.password = this.#run(login.exec, context).then(({ password, untilMs }) => {
      entry.untilMs = untilMs
      return password
    })
    entry.password.catch(() => this.#printed.delete(key))
    this.#printed.set(key, entry)
    return entry.password
  }

  /** After a refused login: the next one asks the command again. */
  forget(): void {
    this.#printed.clear()
  }

  async #run(
    command: readonly string[],
    context: Readonly<Record<string, string>>,
  ): Promise<{ password: Secret; untilMs: number }> {
    const { clock, env } = this.#options
    const output = await run(command, { ...env, ...context })
    const printed = parseOutput(output)
    if (printed === undefined) fail('SERVER_REFUSED', { detail: `${command[0]} printed no password` })
    const lifeMs = printed.expiresInSeconds === undefined ? UNDATED_MS : printed.expiresInSeconds * 1000 - MARGIN_MS
    return { password: new Secret(printed.password), untilMs: clock.nowMs() + Math.max(lifeMs, 0) }
  }
}

/** A password alone, or JSON with it under the name that RDS, Cloud SQL or Azure tools use. */
function parseOutput(output: string): { password: string; expiresInSeconds: number | undefined } | undefined {
  const text = output.trim()
  if (!text.startsWith('{')) return text === '' ? undefined : { password: text, expiresInSeconds: undefined }
  let parsed: Record<string, unknown>
  try {
    parsed = JSON.parse(text)
  } catch {
    return undefined
  }
  const password = [parsed.password, parsed.access_token, parsed.accessToken, parsed.token].find(
    (one) => typeof one === 'string' && one !== '',
  )
  const seconds = Number(parsed.expires_in ?? Number.NaN)
  if (password === undefined) return undefined
  return { password: password as string, expiresInSeconds: Number.isFinite(seconds) ? seconds : undefined }
}

/** What the command wrote to stderr goes into the error; what it wrote to stdout is a secret and does not. */
function run([file, ...args]: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { env, timeout: EXEC_TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES, encoding: 'utf8' as const }
    execFile(String(file), args, options, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout)
      const why = stderr.trim().slice(0, 500) || `it ended with ${error.code ?? error.signal ?? 'an error'}`
      try {
        fail('SERVER_REFUSED', { detail: `login.exec ${file}: ${why}` })
      } catch (failure) {
        reject(failure)
      }
    })
  })
}
