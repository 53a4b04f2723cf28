import { randomBytes } from 'node:crypto'
import type { AdapterFactory, ClientMetadata, Configuration, JWK, KoaContextWithOIDC } from 'oidc-provider'
import { escapeHtml, page } from './issuer-pages.ts'

/** Somebody who can log in. */
export interface Account {
  readonly subject: string
  /** What of the requested scopes a token of theirs carries; all of them where absent. */
  readonly scopes?: readonly string[]
  /** Into access tokens and introspection answers: groups, email, email_verified and the like. */
  readonly claims?: Readonly<Record<string, unknown>>
}

/** What may be changed while the issuer runs: it counts from the next token on. */
export interface IssuerSettings {
  accounts: Account[]
  /** The audience of tokens asked for without `resource` (RFC 8707). */
  defaultResource: string
  /** The scopes any resource knows. Others are ignored, as are those an account may not have. */
  scopes: readonly string[]
  /** `at+jwt` (RFC 9068), or opaque tokens that only introspection (RFC 7662) explains. */
  format: 'jwt' | 'opaque'
  algorithm: 'ES256' | 'RS256'
  accessTokenSeconds: number
  refreshTokenSeconds: number
  deviceCodeSeconds: number
  /** The `interval` of a device authorization answer; 5 is what RFC 8628 has a client assume. */
  devicePollSeconds: number
  /** Claims of tokens by client_credentials. */
  clientClaims: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

export interface IssuerParts {
  readonly settings: IssuerSettings
  readonly clients: readonly ClientMetadata[]
  readonly keys: readonly JWK[]
  readonly store: AdapterFactory
}

const SESSION_SECONDS = 3600

/** oidc-provider, set up so that `settings` are read anew each time, and nothing of it warns of its defaults. */
export function issuerConfiguration({ settings, clients, keys, store }: IssuerParts): Configuration {
  return {
    adapter: store,
    clients: [...clients],
    jwks: { keys: [...keys] },
    cookies: { keys: [randomBytes(24).toString('base64url')] },
    scopes: ['openid', 'offline_access'],
    claims: { openid: ['sub'], profile: [], email: [] },
    clientAuthMethods: ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'],
    clientDefaults: { id_token_signed_response_alg: settings.algorithm },
    enabledJWA: {
      idTokenSigningAlgValues: ['ES256', 'RS256'],
      clientAuthSigningAlgValues: ['ES256', 'RS256', 'EdDSA'],
    },
    responseTypes: ['code'],
    clientBasedCORS: () => false,
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_context, subject) => ({ accountId: subject, claims: () => ({ sub: subject }) }),
    extraTokenClaims: (_context, token) => {
      if (token.kind === 'ClientCredentials') return settings.clientClaims[String(token.clientId)]
      return accountOf(settings, token.kind === 'AccessToken' ? token.accountId : '')?.claims
    },
    rotateRefreshToken: true,
    renderError: (context, out) => {
      context.type = 'html'
      context.body = page('That did not work', `<p>${escapeHtml(out.error_description ?? out.error)}</p>`)
    },
    ttl: {
      AccessToken: () => settings.accessTokenSeconds,
      ClientCredentials: () => settings.accessTokenSeconds,
      RefreshToken: () => settings.refreshTokenSeconds,
      DeviceCode: () => settings.deviceCodeSeconds,
      AuthorizationCode: 60,
      IdToken: () => settings.accessTokenSeconds,
      Interaction: SESSION_SECONDS,
      Session: SESSION_SECONDS,
      Grant: () => settings.refreshTokenSeconds,
    },
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      userinfo: { enabled: false },
      clientCredentials: { enabled: true },
      revocation: { enabled: true, allowedPolicy: (_context, client, token) => token.clientId === client.clientId },
      // A proxy asks about tokens that were given to others.
      introspection: { enabled: true, allowedPolicy: (_context, client) => client.clientAuthMethod !== 'none' },
      deviceFlow: { enabled: true, ...devicePages },
      resourceIndicators: {
        enabled: true,
        defaultResource: (_context, _client, oneOf) =>
          oneOf?.length === 1 ? String(oneOf[0]) : settings.defaultResource,
        useGrantedResource: () => true,
        getResourceServerInfo: (_context, resource) => ({
          scope: settings.scopes.join(' '),
          audience: resource,
          accessTokenTTL: settings.accessTokenSeconds,
          accessTokenFormat: settings.format,
          jwt: { sign: { alg: settings.algorithm } },
        }),
      },
    },
  }
}

export function accountOf(settings: IssuerSettings, subject: string): Account | undefined {
  return settings.accounts.find((account) => account.subject === subject)
}

const devicePages = {
  userCodeInputSource(context: KoaContextWithOIDC, form: string, _out?: unknown, error?: unknown) {
    const complaint = error ? '<p>That code is not known, has expired, or was used.</p>' : ''
    context.body = page(
      'Enter the code on your device',
      `${complaint}${form}<button type="submit" form="op.deviceInputForm">Continue</button>`,
    )
  },
  userCodeConfirmSource(context: KoaContextWithOIDC, form: string, _client: unknown, _info: unknown, userCode: string) {
    context.body = page(
      'Is this the code on your device?',
      `<p><code>${escapeHtml(userCode)}</code></p>${form}
<button type="submit" form="op.deviceConfirmForm">Continue</button>
<button type="submit" form="op.deviceConfirmForm" name="abort" value="yes">Abort</button>`,
    )
  },
  successSource(context: KoaContextWithOIDC) {
    context.body = page('You are logged in', '<p>You can close this page.</p>')
  },
}
