import { asPgoauthError, fail } from '../base/errors.ts'
import { printable } from '../base/printable.ts'
import type { Profile } from '../config/profiles.ts'
import { prepareCodeRequest, requestCodeExchange } from '../oauth/code-grant.ts'
import type { Grant } from '../oauth/grant.ts'
import type { Issuer } from '../oauth/issuer.ts'
import { openBrowser } from './browser-opening.ts'
import { type Callback, openCallbackListener } from './callback-listener.ts'
import type { LoginDeps } from './login-deps.ts'
import { isOverSsh, sshForwardLine } from './surroundings.ts'

/** How long the person has in the browser. */
const BROWSER_TIMEOUT_MS = 180_000

/** `unopened`: no browser came up and nobody was told to open one, so another flow may be tried. */
export type BrowserAnswer =
  | { readonly ok: true; readonly grant: Grant }
  | { readonly ok: false; readonly unopened: true }

/**
 * Logs in through the browser on this machine: authorization code with PKCE, answered to a loopback listener.
 *
 * @param mayFallBack whether `unopened` is an answer; otherwise the address is printed and waited for.
 * @throws LOGIN_DENIED, LOGIN_TIMEOUT, LOGIN_FAILED, LISTEN_FAILED, ISSUER_UNREACHABLE, ISSUER_INVALID.
 */
export async function logInByBrowser(
  issuer: Issuer,
  profile: Profile,
  deps: LoginDeps,
  options: { readonly open: boolean; readonly mayFallBack: boolean },
): Promise<BrowserAnswer> {
  const listener = await openCallbackListener(profile.redirect)
  try {
    const asked = await prepareCodeRequest(issuer, profile, listener.redirectUri)
    const opened = options.open ? await openBrowser(asked.url.href, profile, deps) : undefined
    if (options.open && !opened && options.mayFallBack) return { ok: false, unopened: true }
    tellWhere(asked.url.href, listener.port, opened !== undefined, options.open)

    const failed = options.mayFallBack ? opened?.failed : undefined
    const callback = await waitFor(failed ? Promise.race([listener.arrived, failed]) : listener.arrived)
    if (!callback) {
      deps.say('No browser came up here.', '')
      return { ok: false, unopened: true }
    }
    try {
      const grant = await requestCodeExchange(issuer, asked, callback.parameters)
      await callback.answer({
        ok: true,
        title: `Logged in to ${profile.name}`,
        message: 'You can close this tab and go back to the terminal.',
      })
      return { ok: true, grant }
    } catch (error) {
      await callback.answer({ ok: false, title: 'Not logged in', message: failureText(error) })
      throw error
    }
  } finally {
    await listener.close()
  }

  function tellWhere(url: string, port: number, opened: boolean, tried: boolean): void {
    if (opened) {
      deps.say('Log in in the browser window that just opened. If there is none, open:', '', url, '')
      return
    }
    deps.say(
      tried ? 'No browser could be opened. Open this address yourself:' : 'Open this address in a browser:',
      '',
      url,
      '',
    )
    const line = isOverSsh(deps) ? sshForwardLine(deps.env, deps.userName, port) : undefined
    if (line)
      deps.say('In a browser on your own machine, first run this there, and leave it running:', '', `  ${line}`, '')
  }

  async function waitFor(arrived: Promise<Callback | undefined>): Promise<Callback | undefined> {
    const done = deps.wait('waiting for the browser')
    const timedOut = new AbortController()
    const stopTimer = deps.clock.after(BROWSER_TIMEOUT_MS, () => timedOut.abort())
    const stop = deps.signal ? AbortSignal.any([deps.signal, timedOut.signal]) : timedOut.signal
    try {
      return await Promise.race([arrived, aborted(stop)])
    } catch {
      if (timedOut.signal.aborted) {
        fail('LOGIN_TIMEOUT', {
          detail: `no answer came from the browser within ${BROWSER_TIMEOUT_MS / 60_000} minutes`,
          fix: `pgoauth login ${profile.name}, or with --device on another screen`,
        })
      }
      fail('LOGIN_FAILED', { detail: 'interrupted', fix: `pgoauth login ${profile.name}` })
    } finally {
      stopTimer()
      done()
    }
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}

function failureText(error: unknown): string {
  return printable(asPgoauthError(error).message.replaceAll('\n', ' '))
}
