import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Provider } from 'oidc-provider'
import { fail } from '../base/errors.ts'
import { accountOf, type IssuerSettings } from './issuer-configuration.ts'
import { consentPage, loginPage } from './issuer-pages.ts'

const PATH = /^\/interaction\/[\w-]+$/

/** Whether a request belongs to the issuer's own login and consent pages. */
export function isInteraction(request: IncomingMessage): boolean {
  return PATH.test(request.url ?? '')
}

/** Shows the page of the step an authorization stands at (GET), or takes what was chosen there (POST). */
export async function answerInteraction(
  provider: Provider,
  settings: IssuerSettings,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const details = await provider.interactionDetails(request, response)
  const { prompt, params, session, uid } = details
  const action = `/interaction/${uid}`
  if (request.method !== 'POST') {
    const shown =
      prompt.name === 'login'
        ? loginPage(
            action,
            settings.accounts.map(({ subject }) => subject),
          )
        : consentPage(action, String(params.client_id), String(params.scope ?? '').split(' '))
    response.setHeader('content-type', 'text/html; charset=utf-8').end(shown)
    return
  }

  const form = new URLSearchParams(await text(request))
  if (form.has('abort')) {
    const refusal = { error: 'access_denied', error_description: 'the user refused' }
    await provider.interactionFinished(request, response, refusal, { mergeWithLastSubmission: false })
  } else if (prompt.name === 'login') {
    const account = accountOf(settings, form.get('account') ?? '')
    if (!account) fail('DEMO_FAILED', { detail: 'no such account' })
    await provider.interactionFinished(request, response, { login: { accountId: account.subject } })
  } else {
    const account = accountOf(settings, String(session?.accountId))
    const grant =
      (details.grantId === undefined ? undefined : await provider.Grant.find(details.grantId)) ??
      new provider.Grant({ accountId: String(session?.accountId), clientId: String(params.client_id) })
    const asked = new Set(String(params.scope ?? '').split(' '))
    grant.addOIDCScope([...asked].filter((scope) => scope === 'openid' || scope === 'offline_access').join(' '))
    // Each resource that was asked for, or the default one, with what of its scopes this account may have.
    const missing = prompt.details.missingResourceScopes as Record<string, string[]> | undefined
    for (const [resource, scopes] of Object.entries(missing ?? {})) {
      const allowed = scopes.filter((scope) => account?.scopes?.includes(scope) ?? true)
      grant.addResourceScope(resource, allowed.join(' '))
      grant.rejectResourceScope(resource, scopes.filter((scope) => !allowed.includes(scope)).join(' '))
    }
    const result = { consent: { grantId: await grant.save() } }
    await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true })
  }
}
