import { timingSafeEqual } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import { asPgoauthError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { type IntrospectionClient, isAboutToken } from './introspection-client.ts'
import type { JwksKeys } from './jwks-keys.ts'
import { type Answer, VerdictCache } from './verify-cache.ts'
import { checkClaims } from './verify-claims.ts'
import {
  type Channel,
  type Checked,
  type CheckedToken,
  type IssuerRules,
  refused,
  shown,
  type TokenVerifier,
  type Verdict,
  wrong,
} from './verify-rules.ts'
import { checkSignature, readJwt, type UnverifiedJwt } from './verify-signature.ts'

/** How long a JWT's verdict holds; it ends before that when one of the issuer's keys changes or goes. */
const JWT_VERDICT_MS = 5 * 60_000
/** 64 KB: what a password message carries; a SASL message is bounded to a little less. */
const MAX_TOKEN_LENGTH = 64 * 1024
/** RFC 6750 section 2.1: what a bearer token is made of. Nothing else is worth an issuer's time. */
const BEARER_TOKEN = /^[A-Za-z0-9._~+/-]+=*$/

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
  /** Asked on every connection: why a token that is good in itself counts no more. */
  readonly takenBack?: ((identity: CheckedToken['identity']) => string | undefined) | undefined
}

/** What metrics ask of a verifier. */
export interface VerifierCounts {
  readonly hits: number
  readonly misses: number
}

/** Checks access tokens of the configured issuers, each by its own rules alone. */
export function createTokenVerifier(options: VerifierOptions): TokenVerifier & { counts(): VerifierCounts } {
  const cache = new VerdictCache(options.clock)
  const check = (token: string) => checkToken(token, options)
  return {
    async verify(token, channel) {
      const text = token.reveal()
      const mistake = formMistake(text)
      if (mistake !== undefined) return refused(mistake)
      const checked = cache.get(text, () => check(text))
      return forChannel(checked instanceof Promise ? await checked : checked, channel, options)
    },
    async recheck(token, channel) {
      const text = token.reveal()
      return forChannel(await cache.renew(text, () => check(text)), channel, options)
    },
    counts: () => ({ hits: cache.hits, misses: cache.misses }),
  }
}

function formMistake(token: string): string | undefined {
  if (token.length > MAX_TOKEN_LENGTH) return wrong('the token is too long')
  return BEARER_TOKEN.test(token) ? undefined : wrong('the token holds what no bearer token does')
}

/** Asked on every connection: what is kept of a token says nothing about who carries it, nor what happened since. */
function forChannel(checked: Checked, channel: Channel, { takenBack }: VerifierOptions): Verdict {
  if (!checked.ok) return checked
  const { token } = checked
  const mistake = bindingMistake(token, channel) ?? takenBack?.(token.identity)
  return mistake === undefined ? { ok: true, identity: token.identity } : refused(mistake)
}

/** RFC 8705 section 3. */
function bindingMistake(
  { boundToCertificate: bound }: CheckedToken,
  { clientCertificateSha256: carried }: Channel,
): string | undefined {
  if (bound === undefined) return undefined
  if (carried === undefined) return wrong('the token is bound to a client certificate, and there is none')
  const isSame = carried.length === bound.length && timingSafeEqual(carried, bound)
  return isSame ? undefined : wrong('the token is bound to another client certificate')
}

async function checkToken(token: string, options: VerifierOptions): Promise<Answer> {
  const jwt = readJwt(token)
  const isJwt = typeof jwt === 'object'
  try {
    return isJwt ? await checkJwt(jwt, options) : await checkOpaque(token, jwt, options)
  } catch (thrown) {
    return unavailable(thrown, options.log)
  }
}

/** The issuer, not the token, is at fault: the next attempt asks again. */
function unavailable(thrown: unknown, log: Log): Answer {
  const { message, fix } = asPgoauthError(thrown)
  log.warn({ reason: message, fix }, 'a token could not be checked')
  return { checked: { ...refused(`could not be checked: ${message}`), isUnavailable: true }, keepMs: 0 }
}

async function checkJwt(jwt: UnverifiedJwt, { issuers, clock }: VerifierOptions): Promise<Answer> {
  const issuer = issuers.find((one) => one.issuer === jwt.claims.iss)
  if (issuer === undefined) return final(refused(wrong(`iss ${shown(jwt.claims.iss)} is not a configured issuer`)))
  if (issuer.tokens === 'introspection') return introspect(jwt.token, issuer, clock)
  const { keys } = issuer
  const signed = await checkSignature(jwt, keys, issuer.algorithms)
  if (!signed.ok) return final(signed)
  const checked = checkClaims(jwt.claims, issuer, { header: jwt.header, nowMs: clock.nowMs() })
  return { ...final(checked), stillHolds: () => keys.stillVouches(signed.keySet) }
}

/** A token that names no issuer is shown to those alone that know such tokens, in the order of the configuration. */
async function checkOpaque(token: string, notJwt: string, { issuers, clock, log }: VerifierOptions): Promise<Answer> {
  let last = final(refused(`${notJwt}, and no issuer with introspection is configured`))
  for (const issuer of issuers) {
    if (issuer.tokens !== 'introspection') continue
    // An issuer that is down takes none of the others with it; but without it nothing is known against the token.
    const answer = await introspect(token, issuer, clock).catch((thrown) => unavailable(thrown, log))
    if (answer.checked.ok) return answer
    if (last.checked.ok || !last.checked.isUnavailable) last = answer
  }
  return last
}

async function introspect(
  token: string,
  issuer: VerifiedIssuer & { tokens: 'introspection' },
  clock: Clock,
): Promise<Answer> {
  try {
    const claims = await issuer.client.introspect(token)
    const checked = checkClaims(claims, issuer, { header: undefined, nowMs: clock.nowMs() })
    return { checked, keepMs: issuer.cacheMs }
  } catch (error) {
    if (!isAboutToken(error)) throw error
    return final(refused(wrong(`the issuer does not take it (HTTP ${error.status})`)))
  }
}

function final(checked: Checked): Answer {
  return { checked, keepMs: JWT_VERDICT_MS }
}

export type { TokenVerifier, Verdict } from './verify-rules.ts'
