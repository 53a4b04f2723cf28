import type { Role } from '../base/brand.ts'
import { claimAt } from '../base/claim-path.ts'
import type { Identity } from '../base/identity.ts'
import type { Policy, RoleCondition, RoleRule } from './policy.ts'

/**
 * The database role of an identity. The requested user grants nothing: where it names a role the token's rules
 * yield, that one is taken, else the first rule's. Undefined: no rule holds, and the login is refused.
 */
export function chooseRole(policy: Policy, identity: Identity, requestedUser?: string): Role | undefined {
  const yielded = rolesOf(policy, identity)
  return yielded.find((role) => role === requestedUser) ?? yielded[0]
}

/** Every role the rules yield for this identity, in the file's order, without repeats. */
export function rolesOf(policy: Policy, identity: Identity): readonly Role[] {
  const roles = new Set<Role>()
  for (const rule of policy.roles) {
    const role = applyRule(rule, identity)
    if (role !== undefined) roles.add(role)
  }
  return [...roles]
}

function applyRule(rule: RoleRule, identity: Identity): Role | undefined {
  if (rule.issuers && !rule.issuers.includes('*') && !rule.issuers.includes(identity.issuer)) return undefined
  if (!rule.when.every((condition) => holds(condition, identity.claims))) return undefined
  if (!rule.among) return rule.role as Role
  const role = fillTemplate(rule.role, identity.claims)
  return role !== undefined && rule.among.includes(role) ? (role as Role) : undefined
}

/** Equals the claim, or the claim is an array that contains it; no conversion between types. */
function holds({ claim, values }: RoleCondition, claims: Readonly<Record<string, unknown>>): boolean {
  const value = claimAt(claims, claim)
  return Array.isArray(value) ? value.some((one) => values.includes(one as string)) : values.includes(value as string)
}

/** Undefined where a claim is missing or no text: a half-filled template must not be a role. */
function fillTemplate(template: string, claims: Readonly<Record<string, unknown>>): string | undefined {
  let isWhole = true
  const filled = template.replace(/\{([^{}]+)\}/g, (_, path: string) => {
    const value = claimAt(claims, path)
    if (typeof value === 'string') return value
    isWhole = false
    return ''
  })
  return isWhole ? filled : undefined
}
