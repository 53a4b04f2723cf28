import { timingSafeEqual } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import { asPgoauthError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { IntrospectionClient } from './introspection-client.ts'
import type { JwksKeys } from './jwks-keys.ts'
import { VerdictCache } from './verify-cache.ts'
import { checkClaims } from './verify-claims.ts'
import {
  type Channel,
  type Checked,
  type IssuerRules,
  refused,
  type TokenVerifier,
  type Verdict,
} from './verify-rules.ts'
import { checkSignature, looksLikeJwt, MAX_TOKEN_LENGTH, peekJwt } from './verify-signature.ts'

/** How long a JWT's verdict holds: the time a withdrawn key goes on counting for tokens seen before. */
const JWT_VERDICT_MS = 5 * 60_000

/** An issuer with the one way in which its tokens are checked. */
export type VerifiedIssuer = IssuerRules &
  (
    | { readonly tokens: 'jwt'; readonly keys: JwksKeys }
    | { readonly tokens: 'introspection'; readonly client: IntrospectionClient; readonly cacheMs: number }
  )

export interface VerifierOptions {
  readonly issuers: readonly VerifiedIssuer[]
  readonly clock: Clock
  readonly log: Log
}

/** What metrics ask of a verifier. */
export interface VerifierCounts {
  readonly hits: number
  readonly misses: number
}

type Answer = { readonly checked: Checked; readonly keepMs: number }

/** Checks access tokens of the configured issuers, each by its own rules alone. */
export function createTokenVerifier(options: VerifierOptions): TokenVerifier & { counts(): VerifierCounts } {
  const cache = new VerdictCache(options.clock)
  const check = (token: string) => checkToken(token, options)
  return {
    async verify(token, channel) {
      const text = token.reveal()
      if (text.length > MAX_TOKEN_LENGTH) return refused('the token is too long')
      return onChannel(await cache.get(text, () => check(text)), channel)
    },
    async recheck(token, channel) {
      return onChannel((await check(token.reveal())).checked, channel)
    },
    counts: () => ({ hits: cache.hits, misses: cache.misses }),
  }
}

/** The binding is compared on every connection: what is kept of a token says nothing about who carries it. */
function onChannel(checked: Checked, { clientCertificateSha256: carried }: Channel): Verdict {
  if (!checked.ok) return checked
  const { identity, boundToCertificate: bound } = checked.token
  if (bound === undefined) return { ok: true, identity }
  if (carried === undefined) return refused('the token is bound to a client certificate, and there is none')
  if (carried.length !== bound.length || !timingSafeEqual(carried, bound)) {
    return refused('the token is bound to another client certificate')
  }
  return { ok: true, identity }
}

async function checkToken(token: string, { issuers, clock, log }: VerifierOptions): Promise<Answer> {
  try {
    return looksLikeJwt(token) ? await checkJwt(token, issuers, clock) : await checkOpaque(token, issuers, clock)
  } catch (thrown) {
    // The issuer, not the token, is at fault: the next attempt asks again.
    const error = asPgoauthError(thrown)
    log.warn({ reason: error.message }, 'a token could not be checked')
    return { checked: { ...refused(`could not be checked: ${error.message}`), isUnavailable: true }, keepMs: 0 }
  }
}

async function checkJwt(token: string, issuers: readonly VerifiedIssuer[], clock: Clock): Promise<Answer> {
  const jwt = peekJwt(token)
  if (jwt === undefined) return final(refused('not a well-formed JWT'))
  const issuer = issuers.find((one) => one.issuer === jwt.claims.iss)
  if (issuer === undefined) return final(refused('iss is not a configured issuer'))
  if (issuer.tokens === 'introspection') return introspect(token, issuer, clock)
  const signed = await checkSignature(token, jwt, issuer.keys, issuer)
  if (!signed.ok) return final(signed)
  return final(checkClaims(jwt.claims, issuer, { header: jwt.header, nowMs: clock.nowMs() }))
}

/** A token that names no issuer is shown to those alone that know such tokens, one after another. */
async function checkOpaque(token: string, issuers: readonly VerifiedIssuer[], clock: Clock): Promise<Answer> {
  let last: Answer = final(refused('not a JWT, and no issuer with introspection is configured'))
  for (const issuer of issuers) {
    if (issuer.tokens !== 'introspection') continue
    last = await introspect(token, issuer, clock)
    if (last.checked.ok) return last
  }
  return last
}

async function introspect(
  token: string,
  issuer: VerifiedIssuer & { tokens: 'introspection' },
  clock: Clock,
): Promise<Answer> {
  const claims = await issuer.client.introspect(token)
  const checked = checkClaims(claims, issuer, { header: undefined, nowMs: clock.nowMs() })
  return { checked, keepMs: issuer.cacheMs }
}

function final(checked: Checked): Answer {
  return { checked, keepMs: JWT_VERDICT_MS }
}

export type { TokenVerifier, Verdict } from './verify-rules.ts'
