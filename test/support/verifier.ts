import { type Clock, systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { Secret } from '../../src/base/secret.ts'
import { IntrospectionClient, type IntrospectionOptions } from '../../src/oauth/introspection-client.ts'
import { openJwksKeys } from '../../src/oauth/jwks-fetch.ts'
import type { Channel, IssuerRules, Verdict } from '../../src/oauth/verify-rules.ts'
import { createTokenVerifier, type VerifiedIssuer, type VerifierOptions } from '../../src/oauth/verify-token.ts'

interface IssuerOptions {
  readonly url: string
  readonly rules?: Partial<IssuerRules>
  readonly clock?: Clock
}

function rulesOf({ url, rules }: IssuerOptions): IssuerRules {
  return {
    issuer: url,
    audience: ['postgres://demo'],
    algorithms: ['RS256', 'ES256', 'EdDSA'],
    typ: 'at+jwt',
    clockToleranceMs: 30_000,
    requiredScopes: [],
    scopesClaim: 'auto',
    scopePrefix: '',
    scopesAllowed: ['*'],
    grantScopes: [],
    ...rules,
  }
}

/** An issuer of JWTs as the proxy opens it. */
export function jwtIssuer(options: IssuerOptions & { jwksFile?: string }): VerifiedIssuer {
  const { url, jwksFile, clock = systemClock } = options
  const keys = openJwksKeys({ issuer: url, jwksFile, env: {} }, { clock, log: silentLog })
  return { ...rulesOf(options), tokens: 'jwt', keys }
}

/** An issuer that is asked about each token. */
export function introspectedIssuer(
  options: IssuerOptions & Partial<IntrospectionOptions> & { cacheMs?: number },
): VerifiedIssuer {
  const { url, rules, clock = systemClock, cacheMs = 30_000, ...credentials } = options
  const client = new IntrospectionClient({
    issuer: url,
    clientId: 'proxy',
    ...(credentials.privateKey === undefined && { clientSecret: () => new Secret('proxy-secret') }),
    env: {},
    clock,
    ...credentials,
  })
  return { ...rulesOf({ url, ...(rules && { rules }) }), tokens: 'introspection', client, cacheMs }
}

export interface TestVerifier {
  verify(token: string, channel?: Channel): Promise<Verdict>
  recheck(token: string, channel?: Channel): Promise<Verdict>
  counts(): { hits: number; misses: number }
}

export function openVerifier(issuers: VerifiedIssuer[], more: Partial<VerifierOptions> = {}): TestVerifier {
  const verifier = createTokenVerifier({ issuers, clock: systemClock, log: silentLog, ...more })
  return {
    verify: (token, channel = {}) => verifier.verify(new Secret(token), channel),
    recheck: (token, channel = {}) => verifier.recheck(new Secret(token), channel),
    counts: () => verifier.counts(),
  }
}

/** The reason, or that there is none. */
export function reasonOf(verdict: Verdict): string {
  return verdict.ok ? 'accepted' : verdict.reason
}
