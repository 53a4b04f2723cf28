import { type ExecFileException, execFile } from 'node:child_process'
import { nowSeconds } from '../base/clock.ts'
import { fail } from '../base/errors.ts'
import { printable } from '../base/printable.ts'
import type { Profile } from '../config/profiles.ts'
import { environmentForChild } from './child-environment.ts'
import type { TokenDeps } from './token-deps.ts'
import { accessTokenOf, isTokenText } from './token-file.ts'
import type { AccessToken } from './token-source.ts'

const LONGEST_RUN_MS = 60_000
const LONGEST_OUTPUT_BYTES = 256 * 1024

/**
 * Runs the profile's `exec` command, without a shell, and takes the token it prints: bare, or as JSON with
 * `access_token` and `expires_in`.
 *
 * @throws LOGIN_FAILED.
 */
export async function runTokenCommand(profile: Profile, { env, clock }: TokenDeps): Promise<AccessToken> {
  const [command = '', ...args] = profile.exec ?? []
  const askedAtSeconds = nowSeconds(clock)
  const output = (await run(command, args, environmentForChild(env, profile))).trim()
  const token = output.startsWith('{') ? readJson(output, askedAtSeconds) : isTokenText(output) && accessTokenOf(output)
  if (!token) {
    fail('LOGIN_FAILED', {
      detail: `exec: ${printable(command)} printed neither a token nor JSON with access_token`,
      fix: 'run it by hand and look at its output',
    })
  }
  return token
}

function readJson(output: string, askedAtSeconds: number): AccessToken | undefined {
  try {
    const { access_token, expires_in } = JSON.parse(output) as Record<string, unknown>
    if (typeof access_token !== 'string' || !isTokenText(access_token)) return undefined
    const seconds = typeof expires_in === 'string' ? Number(expires_in) : expires_in
    const known = typeof seconds === 'number' && Number.isFinite(seconds)
    return accessTokenOf(access_token, known ? askedAtSeconds + seconds : undefined)
  } catch {
    return undefined
  }
}

function run(command: string, args: string[], env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { env, timeout: LONGEST_RUN_MS, maxBuffer: LONGEST_OUTPUT_BYTES, windowsHide: true }
    const child = execFile(command, args, options, (error, stdout, stderr) => {
      if (!error) return resolve(stdout)
      try {
        // The output is left out: half a token may be in it.
        failRun(command, error, stderr)
      } catch (failure) {
        reject(failure)
      }
    })
    child.stdin?.end()
  })
}

function failRun(command: string, error: ExecFileException, stderr: string): never {
  const why =
    error.code === 'ENOENT'
      ? 'there is no such command'
      : error.code === 'EACCES'
        ? 'it may not be run'
        : error.killed
          ? `it did not end within ${LONGEST_RUN_MS / 1000} s`
          : `it ended with ${typeof error.code !== 'number' ? 'a signal' : `code ${error.code}`}`
  const said = stderr.trim() ? `; it said: ${printable(stderr.trim())}` : ''
  fail('LOGIN_FAILED', { detail: `exec: ${printable(command)}: ${why}${said}`, fix: 'check "exec" in the profile' })
}
