import type { Policy } from './policy.ts'
import { RuleIndex } from './rule-index.ts'

/** What a set of scopes gives under a policy. The same object for the same set: caches may key on it. */
export interface Grants {
  readonly policy: Policy
  /** Sorted, without repeats, only those the policy knows. */
  readonly scopes: readonly string[]
  /** The union over the scopes and `always`. */
  readonly given: RuleIndex
  readonly never: RuleIndex
  /** Logins as the role itself, where SET ROLE may be listed under `set: [role]`. */
  readonly asRole: boolean
  /** Server connections are shared between clients (transaction mode). */
  readonly isShared: boolean
}

export interface GrantOptions {
  readonly asRole?: boolean
  readonly isShared?: boolean
}

/** Sets of scopes kept per policy: far more than an issuer gives out, few enough to hold. */
const MAX_KEPT = 10_000

const kept = new WeakMap<Policy, Map<string, Grants>>()

/** The grants of these scopes under this policy; scopes the policy does not know give nothing. */
export function grantsFor(policy: Policy, scopes: readonly string[], options: GrantOptions = {}): Grants {
  const known = [...new Set(scopes)].filter((scope) => policy.scopes.has(scope)).sort()
  const { asRole = false, isShared = false } = options
  const key = JSON.stringify([asRole, isShared, ...known])
  const sets = kept.get(policy) ?? new Map<string, Grants>()
  kept.set(policy, sets)
  const found = sets.get(key)
  if (found) return found
  const grants = { policy, scopes: known, given: givenBy(policy, known), never: neverOf(policy), asRole, isShared }
  if (sets.size >= MAX_KEPT) sets.delete(sets.keys().next().value ?? '')
  sets.set(key, grants)
  return grants
}

function givenBy(policy: Policy, scopes: readonly string[]): RuleIndex {
  const index = new RuleIndex()
  for (const scope of scopes) {
    const rules = policy.scopes.get(scope)
    if (rules) index.add(rules, scope)
  }
  index.add(policy.always, 'always')
  return index
}

function neverOf(policy: Policy): RuleIndex {
  const index = new RuleIndex()
  index.add(policy.never, 'never')
  return index
}
