import { silentLog } from '../../src/base/log.ts'
import { Secret } from '../../src/base/secret.ts'
import { JwksKeys } from '../../src/oauth/jwks-keys.ts'
import { FakeClock } from './fake-clock.ts'
import { EC, ED, ISSUER, NOW_SECONDS, OTHER, OTHER_ISSUER, RSA, RULES, type TokenCase } from './hostile-tokens.ts'
import { publicJwk } from './token-forge.ts'

/** The modules that judge: those of src, or a copy with one check taken away. */
export interface JudgeModules {
  readonly createTokenVerifier: typeof import('../../src/oauth/verify-token.ts').createTokenVerifier
  readonly checkClaims: typeof import('../../src/oauth/verify-claims.ts').checkClaims
  readonly JwksKeys: typeof import('../../src/oauth/jwks-keys.ts').JwksKeys
}

/** What came of a case, as one text: `scopes: …` or `refused: …`. */
export async function judge(
  { token, answer, rules, channel = {}, jwks }: TokenCase,
  modules: JudgeModules,
): Promise<string> {
  const ours = { ...RULES, ...rules }
  const clock = new FakeClock(NOW_SECONDS * 1000)
  if (answer !== undefined) {
    // Through JSON, which drops what is undefined.
    const claims = JSON.parse(JSON.stringify(answer))
    const checked = modules.checkClaims(claims, ours, { header: undefined, nowMs: clock.nowMs() })
    return checked.ok ? `scopes: ${checked.token.identity.scopes.join(' ')}` : `refused: ${checked.reason}`
  }
  const keysOf = (issuer: string, keys: readonly object[]) =>
    new modules.JwksKeys({ issuer, fetchKeySet: async () => ({ keys }), clock, log: silentLog })
  const verifier = modules.createTokenVerifier({
    issuers: [
      { ...ours, tokens: 'jwt', keys: keysOf(ISSUER, jwks ?? [EC, RSA, ED].map(publicJwk)) },
      {
        ...RULES,
        issuer: OTHER_ISSUER,
        scopesAllowed: ['low:*'],
        tokens: 'jwt',
        keys: keysOf(OTHER_ISSUER, [publicJwk(OTHER)]),
      },
    ],
    clock,
    log: silentLog,
  })
  const verdict = await verifier.verify(new Secret(token?.() ?? ''), channel)
  return verdict.ok ? `scopes: ${verdict.identity.scopes.join(' ')}` : `refused: ${verdict.reason}`
}

/** Why the outcome is not what the case asks for; undefined: it is. */
export function complaint({ refused, scopes = [] }: TokenCase, outcome: string): string | undefined {
  if (refused === undefined) return outcome === `scopes: ${scopes.join(' ')}` ? undefined : outcome
  const reason = outcome.startsWith('refused: ') ? outcome.slice('refused: '.length) : undefined
  return reason !== undefined && refused.test(reason) ? undefined : outcome
}

export type VerifyLogout = typeof import('../../src/oauth/logout-token.ts').verifyLogoutToken

/** What came of a logout token, as one text: `accepted` or the reason. */
export async function judgeLogout(token: string, verify: VerifyLogout): Promise<string> {
  const clock = new FakeClock(NOW_SECONDS * 1000)
  const keysOf = (issuer: string, key: typeof EC) => ({
    issuer,
    algorithms: RULES.algorithms,
    clockToleranceMs: 30_000,
    keys: new JwksKeys({ issuer, fetchKeySet: async () => ({ keys: [publicJwk(key)] }), clock, log: silentLog }),
  })
  const issuers = [keysOf(ISSUER, EC), keysOf(OTHER_ISSUER, OTHER)]
  const verdict = await verify(token, { issuers, clientIds: ['pgoauth', 'tool'], nowMs: clock.nowMs() })
  return verdict.ok ? 'accepted' : verdict.reason
}
