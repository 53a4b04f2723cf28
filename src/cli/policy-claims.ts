import type { Subject } from '../base/brand.ts'
import { fail } from '../base/errors.ts'
import type { Policy } from '../policy/policy.ts'
import { chooseRole } from '../policy/roles.ts'

/** The role that claims given as JSON yield; null where no rule holds. */
export function roleOfClaims(policy: Policy, json: string): string | null {
  let claims: unknown
  try {
    claims = JSON.parse(json)
  } catch (cause) {
    fail('USAGE', { detail: '--claims is not JSON', cause })
  }
  if (typeof claims !== 'object' || claims === null || Array.isArray(claims)) {
    fail('USAGE', { detail: '--claims is not a JSON object' })
  }
  const known = claims as Readonly<Record<string, unknown>>
  const role = chooseRole(policy, {
    issuer: typeof known.iss === 'string' ? known.iss : '',
    subject: String(known.sub ?? '') as Subject,
    clientId: undefined,
    scopes: [],
    claims: known,
    expiresAtSeconds: 0,
  })
  return role ?? null
}
